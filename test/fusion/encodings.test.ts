import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENCODING_NAMES } from '../../fusion/encodings/encodings.js'
import type { Frame } from '../../fusion/camera-frame.js'
import { frameFault, picture } from '../../fusion/picture.js'
import { random } from './robots.js'

/** A frame whose bytes the callback gives. Rows are padded with 200. */
function frame(
  encoding: string,
  [width, height]: readonly [number, number],
  row: number,
  rows: number,
  { padding = 0, big = false, seed = 1 } = {},
): Frame {
  const step = row + padding
  const next = random(seed)
  const data = Uint8Array.from({ length: step * rows }, (_, i) => (i % step < row ? Math.floor(next() * 256) : 200))
  return { width, height, encoding, step, isBigendian: big, data }
}

const u16 = ({ data, isBigendian }: Frame, at: number): number =>
  isBigendian ? data[at] * 256 + data[at + 1] : data[at] + data[at + 1] * 256
const clamp = (level: number): number => Math.min(255, Math.max(0, Math.round(level)))
/** ITU-R BT.601 with luma from 16 to 235, with the usual coefficients of three digits. */
const bt601 = (y: number, u: number, v: number): number[] => {
  const luma = 1.164 * Math.max(0, y - 16)
  return [luma + 1.596 * (v - 128), luma - 0.813 * (v - 128) - 0.391 * (u - 128), luma + 2.018 * (u - 128)].map(clamp)
}

type Pixel = (frame: Frame, x: number, y: number) => number[]

const size = fc.tuple(fc.integer({ min: 3, max: 12 }), fc.integer({ min: 3, max: 9 }))
const even = size.map(([w, h]) => [w * 2, h * 2] as const)
const layout = fc.record({ padding: fc.constantFrom(0, 2, 16), big: fc.boolean(), seed: fc.nat(9999) })

function checkAgainst(value: Frame, pixel: Pixel, within = 0): void {
  expect(frameFault(value)).toBeUndefined()
  const { data, width, height } = picture(value, { modality: 'rgb' }).value()
  const wanted = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (__, x) => pixel(value, x, y)),
  ).flat(2)
  expect(data).toHaveLength(wanted.length)
  expect(wanted.reduce((worst, level, i) => Math.max(worst, Math.abs(level - data[i])), 0)).toBeLessThanOrEqual(within)
}

describe('every encoding, pixel by pixel from its definition', () => {
  const orders: Readonly<Record<string, string>> = { rgb: 'rgb', bgr: 'bgr', rgba: 'rgba', bgra: 'bgra' }
  const interleaved = [
    ...Object.entries(orders).flatMap(
      ([name, order]) =>
        [
          [`${name}8`, order, 1],
          [`${name}16`, order, 2],
        ] as const,
    ),
    ['8UC3', 'bgr', 1],
    ['8UC4', 'bgra', 1],
    ['16UC3', 'bgr', 2],
    ['16UC4', 'bgra', 2],
  ] as const
  test.each(interleaved)('%s', (encoding, order, bytes) => {
    fc.assert(
      fc.property(size, layout, ([w, h], how) => {
        const row = w * order.length * bytes
        checkAgainst(frame(encoding, [w, h], row, h, how), (value, x, y) =>
          [...'rgb'].map(colour => {
            const at = y * value.step + (x * order.length + order.indexOf(colour)) * bytes
            return bytes === 1 ? value.data[at] : Math.round(u16(value, at) / 257)
          }),
        )
      }),
      { numRuns: 20 },
    )
  })

  test('mono8, 8UC1, and mono16 as grey', () => {
    fc.assert(
      fc.property(size, layout, ([w, h], how) => {
        for (const encoding of ['mono8', '8UC1'])
          checkAgainst(frame(encoding, [w, h], w, h, how), ({ data, step }, x, y) => [data[y * step + x]])
        checkAgainst(frame('mono16', [w, h], 2 * w, h, how), (value, x, y) => [
          Math.round(u16(value, y * value.step + 2 * x) / 257),
        ])
      }),
      { numRuns: 20 },
    )
  })

  test.each([
    ['uyvy', 'uyvy'],
    ['yuv422', 'uyvy'],
    ['yuyv', 'yuyv'],
    ['yuv422_yuy2', 'yuyv'],
    ['yvyu', 'yvyu'],
  ])('%s is %s', (encoding, order) => {
    fc.assert(
      fc.property(size, layout, ([w, h], how) => {
        checkAgainst(
          frame(encoding, [w, h], 4 * Math.ceil(w / 2), h, how),
          ({ data, step }, x, y) => {
            const at = y * step + 4 * Math.floor(x / 2)
            return bt601(
              data[at + (x % 2 === 0 ? order.indexOf('y') : order.lastIndexOf('y'))],
              data[at + order.indexOf('u')],
              data[at + order.indexOf('v')],
            )
          },
          1,
        )
      }),
      { numRuns: 20 },
    )
  })

  test.each([
    ['nv12', 0, 1],
    ['nv21', 1, 0],
  ])('%s', (encoding, u, v) => {
    fc.assert(
      fc.property(even, layout, ([w, h], how) => {
        checkAgainst(
          frame(encoding, [w, h], w, h * 1.5, how),
          ({ data, step }, x, y) => {
            const at = (h + Math.floor(y / 2)) * step + 2 * Math.floor(x / 2)
            return bt601(data[y * step + x], data[at + u], data[at + v])
          },
          1,
        )
      }),
      { numRuns: 20 },
    )
  })

  test('nv24 and yuv420', () => {
    fc.assert(
      fc.property(even, layout, ([w, h], how) => {
        checkAgainst(
          frame('nv24', [w, h], w, 3 * h, how),
          ({ data, step }, x, y) => {
            const at = (h + 2 * y) * step + 2 * x
            return bt601(data[y * step + x], data[at], data[at + 1])
          },
          1,
        )
        checkAgainst(
          frame('yuv420', [w, h], w, h * 1.5, how),
          ({ data, step }, x, y) => {
            const at = h * step + (Math.floor(y / 2) * step) / 2 + Math.floor(x / 2)
            return bt601(data[y * step + x], data[at], data[at + (step * h) / 4])
          },
          1,
        )
      }),
      { numRuns: 20 },
    )
  })

  test('the planes of nv12 may be higher than the picture', () => {
    const aligned = frame('nv12', [8, 6], 8, 8 * 1.5)
    checkAgainst(
      aligned,
      ({ data }, x, y) => {
        const at = (8 + Math.floor(y / 2)) * 8 + 2 * Math.floor(x / 2)
        return bt601(data[y * 8 + x], data[at], data[at + 1])
      },
      1,
    )
  })

  test.each(
    ['rggb', 'bggr', 'gbrg', 'grbg'].flatMap(
      pattern =>
        [
          [pattern, 8],
          [pattern, 16],
        ] as const,
    ),
  )(
    'bayer_%s%i: the rounded mean of the nearest neighbours of each colour; the outermost pixels are those beside them',
    (pattern, bits) => {
      fc.assert(
        fc.property(size, layout, ([w, h], how) => {
          const bytes = bits / 8
          checkAgainst(frame(`bayer_${pattern}${bits}`, [w, h], w * bytes, h, how), (value, px, py) => {
            const [x, y] = [Math.min(w - 2, Math.max(1, px)), Math.min(h - 2, Math.max(1, py))]
            const sample = (sx: number, sy: number): number =>
              bits === 8 ? value.data[sy * value.step + sx] : u16(value, sy * value.step + 2 * sx)
            const colourAt = (sx: number, sy: number): string => pattern[(sy % 2) * 2 + (sx % 2)]
            return [...'rgb'].map(colour => {
              if (colourAt(x, y) === colour) return bits === 8 ? sample(x, y) : Math.round(sample(x, y) / 257)
              const around = [-1, 0, 1]
                .flatMap(dy => [-1, 0, 1].map(dx => [dx, dy] as const))
                .filter(([dx, dy]) => colourAt(x + dx, y + dy) === colour)
              const nearest = Math.min(...around.map(([dx, dy]) => dx * dx + dy * dy))
              const those = around
                .filter(([dx, dy]) => dx * dx + dy * dy === nearest)
                .map(([dx, dy]) => sample(x + dx, y + dy))
              const mean = Math.round(those.reduce((a, b) => a + b, 0) / those.length)
              return bits === 8 ? mean : Math.round(mean / 257)
            })
          })
        }),
        { numRuns: 20 },
      )
    },
  )

  test('depth: 16UC1, mono16, 16SC1 (below 0 is none), 32FC1, 64FC1 (m)', () => {
    const depths = {
      '16UC1': [1, 300, 65_535],
      mono16: [1, 300, 65_535],
      '16SC1': [1, 300, 32_767],
      '32FC1': [0.001, 0.3, 60],
      '64FC1': [0.001, 0.3004999, 65.535],
    }
    for (const [encoding, values] of Object.entries(depths)) {
      for (const big of [false, true]) {
        const bytes = encoding.startsWith('64') ? 8 : encoding.startsWith('32') ? 4 : 2
        const data = new Uint8Array(4 * bytes)
        const view = new DataView(data.buffer)
        const put = { 2: view.setInt16.bind(view), 4: view.setFloat32.bind(view), 8: view.setFloat64.bind(view) }[
          bytes
        ] as (at: number, value: number, little: boolean) => void
        for (const [i, value] of [...values, encoding === '16UC1' || encoding === 'mono16' ? 0 : -5].entries())
          put(i * bytes, value, !big)
        const value: Frame = { width: 4, height: 1, encoding, step: 4 * bytes, isBigendian: big, data }
        expect([...picture(value, { modality: 'depth' }).value().data], encoding).toEqual(
          values.map(v => (bytes === 2 ? v : Math.round(v * 1000))).concat(0),
        )
      }
    }
  })

  test('the tests above cover every encoding of the table', () => {
    expect([...ENCODING_NAMES].sort()).toEqual(
      [
        ...interleaved.map(([name]) => name),
        'mono8',
        '8UC1',
        'mono16',
        'uyvy',
        'yuv422',
        'yuyv',
        'yuv422_yuy2',
        'yvyu',
        'nv12',
        'nv21',
        'nv24',
        'yuv420',
        '16UC1',
        '16SC1',
        '32FC1',
        '64FC1',
        ...['rggb', 'bggr', 'gbrg', 'grbg'].flatMap(pattern => [`bayer_${pattern}8`, `bayer_${pattern}16`]),
        'yuv422_uyvy',
        'yuy2',
        'i420',
      ].sort(),
    )
  })
})

describe('what drivers omit or add', () => {
  const rgb = frame('rgb8', [8, 6], 24, 6)
  const shown = [...rgb.data]
  const valueOf = (value: Frame): number[] => [...picture(value).value().data]

  test('upper and lower case are the same', () => {
    for (const encoding of ['RGB8', 'Rgb8']) expect(valueOf({ ...rgb, encoding })).toEqual(shown)
    expect(frameFault({ ...rgb, width: 12, encoding: 'YUYV' })).toBeUndefined()
    expect(frameFault({ ...rgb, width: 12, encoding: '16uc1' }, { modality: 'depth' })).toBeUndefined()
    for (const encoding of ['', 'constructor', '__proto__', 'rgb9'])
      expect(frameFault({ ...rgb, encoding })).toBe('bad_encoding')
  })

  test.each([0, 8, 1000])('a step of %i where the bytes fit without padding', step => {
    expect(valueOf({ ...rgb, step })).toEqual(shown)
  })

  test('the padding of the last row may be missing, rows may follow', () => {
    const padded = frame('rgb8', [8, 6], 24, 6, { padding: 8 })
    expect(valueOf({ ...padded, data: padded.data.subarray(0, -8) })).toEqual(shown)
    expect(valueOf({ ...rgb, data: new Uint8Array([...rgb.data, ...new Uint8Array(2 * 24)]) })).toEqual(shown)
    expect(frameFault({ ...padded, data: padded.data.subarray(0, -9) })).toBe('bad_size')
    expect(frameFault({ ...rgb, data: new Uint8Array(24 * (6 + 64)) })).toBe('bad_size')
    expect(frameFault({ ...rgb, step: 0, data: new Uint8Array(24 * 7) })).toBe('bad_size')
  })

  test('each modality accepts the encodings that show it', () => {
    const mono16 = frame('mono16', [4, 3], 8, 3)
    expect(frameFault(mono16, { modality: 'depth' })).toBeUndefined()
    expect(picture(mono16, { modality: 'depth' }).value().kind).toBe('depth')
    expect(picture(mono16, { modality: 'rgb' }).value().kind).toBe('image')
    expect(frameFault(rgb, { modality: 'depth' })).toBe('bad_encoding')
    expect(frameFault({ ...mono16, encoding: '16UC1' }, { modality: 'rgb' })).toBe('bad_encoding')
  })

  test('a Bayer picture needs at least 3 x 3 pixels', () => {
    expect(frameFault(frame('bayer_rggb8', [2, 2], 2, 2))).toBe('bad_size')
  })
})
