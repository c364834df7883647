import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { blendDepth } from '../../fusion/depth.js'
import type { Frame } from '../../fusion/camera-frame.js'
import { frameFault, picture } from '../../fusion/picture.js'

/** The rule for depth, from its definition. */
function plainDepth(a: number, b: number, w: number): number {
  const valid = (mm: number): boolean => Number.isFinite(mm) && mm > 0 && mm <= 65535
  if (valid(a) && valid(b)) {
    if (Math.abs(a - b) > Math.max(30, 0.05 * Math.min(a, b))) return Math.round(w <= 0.5 ? a : b)
    return Math.round(a + (b - a) * w)
  }
  return valid(a) ? Math.round(a) : valid(b) ? Math.round(b) : 0
}

function depthFrame(values: readonly number[], { float = false, big = false, padding = 0, shift = 0 } = {}): Frame {
  const bytes = float ? 4 : 2
  const step = values.length * bytes + padding
  const data = new Uint8Array(step * 1 + shift).subarray(shift)
  const view = new DataView(data.buffer, data.byteOffset)
  values.forEach((value, i) => (float ? view.setFloat32(i * 4, value, !big) : view.setUint16(i * 2, value, !big)))
  return { width: values.length, height: 1, encoding: float ? '32FC1' : '16UC1', step, isBigendian: big, data }
}

const layout = fc.record({
  big: fc.boolean(),
  padding: fc.integer({ min: 0, max: 5 }),
  shift: fc.integer({ min: 0, max: 3 }),
})

const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.25, 0.5, 0.1, 1 / 3, 1))

describe('pictures', () => {
  test('16UC1 depth between two frames follows the rule pixel by pixel, in any byte order and layout', () => {
    const mm = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 900, max: 960 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(mm, mm), { minLength: 1, maxLength: 20 }),
        share,
        layout,
        layout,
        (pairs, w, one, two) => {
          const a = picture(
            depthFrame(
              pairs.map(([x]) => x),
              one,
            ),
          )
          const b = picture(
            depthFrame(
              pairs.map(([, y]) => y),
              two,
            ),
          )
          expect([...(a.blend(b, w)?.data ?? [])]).toEqual(pairs.map(([x, y]) => plainDepth(x, y, w)))
          expect([...a.value().data]).toEqual(pairs.map(([x]) => x))
        },
      ),
    )
  })

  test('32FC1 depth between two frames follows the rule; NaN, infinite, negative and too large values are invalid', () => {
    const near = fc.float({ min: 0.5, max: Math.fround(0.6), noNaN: true })
    const metres = fc.oneof(fc.constantFrom(0, NaN, Infinity, -1, 70), near, fc.float({ min: 0, max: 10, noNaN: true }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(metres, metres), { minLength: 1, maxLength: 20 }),
        share,
        layout,
        (pairs, w, how) => {
          const a = picture(
            depthFrame(
              pairs.map(([x]) => x),
              { float: true, ...how },
            ),
          )
          const b = picture(
            depthFrame(
              pairs.map(([, y]) => y),
              { float: true },
            ),
          )
          const f = Math.fround
          expect([...(a.blend(b, w)?.data ?? [])]).toEqual(
            pairs.map(([x, y]) => plainDepth(f(x) * 1000, f(y) * 1000, w)),
          )
          expect([...a.value().data]).toEqual(pairs.map(([x]) => plainDepth(f(x) * 1000, NaN, 0)))
        },
      ),
    )
  })

  test('depth in another unit becomes whole mm (halves up), and is blended in mm', () => {
    const units = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 65535 }), fc.integer({ min: 2300, max: 2400 }))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(units, units), { minLength: 1, maxLength: 20 }),
        share,
        fc.constantFrom(0.1, 0.25, 10),
        layout,
        (pairs, w, mm, how) => {
          const reading = { modality: 'depth', depthUnit: mm / 1000 }
          const a = picture(
            depthFrame(
              pairs.map(([x]) => x),
              how,
            ),
            reading,
          )
          const b = picture(depthFrame(pairs.map(([, y]) => y)), reading)
          expect([...a.value().data]).toEqual(pairs.map(([x]) => plainDepth(x * mm, NaN, 0)))
          expect([...(a.blend(b, w)?.data ?? [])]).toEqual(pairs.map(([x, y]) => plainDepth(x * mm, y * mm, w)))
        },
      ),
    )
  })

  test('depth in metres takes no other unit', () => {
    const reading = { modality: 'depth', depthUnit: 0.0001 }
    expect(frameFault(depthFrame([1], { float: true }), reading)).toBe('bad_encoding')
    expect(frameFault(depthFrame([1]), reading)).toBeUndefined()
    expect(frameFault(depthFrame([1], { float: true }), { ...reading, depthUnit: 0.001 })).toBeUndefined()
  })

  test('a depth edge is 30 mm for near surfaces and 5 % of the nearer one for far surfaces', () => {
    const blend = (a: number, b: number): number =>
      blendDepth(new Uint16Array([a]), new Uint16Array([b]), 0.25, 1)[0] as number
    expect(blend(400, 430)).toBe(408)
    expect(blend(400, 431)).toBe(400)
    expect(blend(2000, 2100)).toBe(2025)
    expect(blend(2101, 2000)).toBe(2101)
  })

  test('colour of every encoding becomes packed rgb', () => {
    const pixels = [
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
      [10, 11, 12],
    ]
    const make = (encoding: string, order: readonly number[], padding: number): Frame => {
      const row = 2 * order.length
      const data = new Uint8Array((row + padding) * 2)
      pixels.forEach((pixel, i) =>
        order.forEach((channel, k) => {
          data[Math.floor(i / 2) * (row + padding) + (i % 2) * order.length + k] =
            channel < 0 ? 255 : (pixel[channel] as number)
        }),
      )
      return { width: 2, height: 2, encoding, step: row + padding, isBigendian: false, data }
    }
    for (const padding of [0, 2]) {
      const encodings = { rgb8: [0, 1, 2], bgr8: [2, 1, 0], rgba8: [0, 1, 2, -1], bgra8: [2, 1, 0, -1] }
      for (const [encoding, order] of Object.entries(encodings)) {
        const value = picture(make(encoding, order, padding)).value()
        expect(value).toMatchObject({ kind: 'image', channels: 3, width: 2, height: 2 })
        expect([...value.data]).toEqual(pixels.flat())
      }
      expect([...picture(make('mono8', [0], padding)).value().data]).toEqual([1, 4, 7, 10])
    }
  })

  test('packed frames are not copied', () => {
    const rgb: Frame = { width: 2, height: 1, encoding: 'rgb8', step: 6, isBigendian: false, data: new Uint8Array(6) }
    expect(picture(rgb).value().data.buffer).toBe(rgb.data.buffer)
    const depth = depthFrame([1, 2, 3])
    expect(picture(depth).value().data.buffer).toBe(depth.data.buffer)
  })

  test('too few bytes, a short step and an unknown encoding are faults', () => {
    const good = depthFrame([1, 2, 3])
    expect(frameFault(good)).toBeUndefined()
    expect(frameFault({ ...good, height: 2 })).toBe('bad_size')
    expect(frameFault({ ...good, step: 5, data: new Uint8Array(8) })).toBe('bad_size')
    expect(frameFault({ ...good, width: 0 })).toBe('bad_size')
    expect(frameFault({ ...good, encoding: 'yuv411' })).toBe('bad_encoding')
  })

  test('frames of different sizes or encodings are not blended', () => {
    expect(picture(depthFrame([1, 2])).blend(picture(depthFrame([1, 2, 3])), 0.5)).toBeUndefined()
    expect(picture(depthFrame([1, 2])).blend(picture(depthFrame([1, 2], { float: true })), 0.5)).toBeUndefined()
  })
})
