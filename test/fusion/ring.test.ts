import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameRing } from '../../fusion/frame-ring.js'
import { picture, type Picture } from '../../fusion/picture.js'
import { APPENDED, DUPLICATE, FULL, INSERTED, TOO_OLD } from '../../fusion/ring.js'
import { VectorRing } from '../../fusion/vector-ring.js'
import { flat } from './robots.js'

describe('rings', () => {
  test('hold the newest samples in the order of stamps, whatever the order of arrival', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 100 }), stamps => {
        const ring = new FrameRing(0, 16)
        let model: number[] = []
        for (const stamp of stamps) {
          const placed = ring.insert(stamp, picture(flat(stamp)))
          if (model.includes(stamp)) expect(placed).toBe(DUPLICATE)
          else if (model.length === 16 && stamp < Math.min(...model)) expect(placed).toBe(TOO_OLD)
          else {
            expect(placed).toBe(model.length === 0 || stamp > Math.max(...model) ? APPENDED : INSERTED)
            model = [...model, stamp].sort((a, b) => a - b).slice(-16)
          }
          expect(Array.from({ length: ring.size }, (_, i) => ring.stampAt(i))).toEqual(model)
          expect(Array.from({ length: ring.size }, (_, i) => ring.at(i).value().data[0])).toEqual(model)
          for (const at of [-1, 10, 30.5, 61]) expect(ring.after(at)).toBe(model.filter(s => s <= at).length)
        }
      }),
    )
  })

  test('of frames hold at most 192 MB: they remove frames that no tick needs, then refuse new ones', () => {
    const large = (megabytes: number): Picture => {
      const buffer = new ArrayBuffer(megabytes * 2 ** 20)
      return {
        width: 1,
        height: 1,
        buffer,
        value: () => ({ kind: 'image', width: 1, height: 1, channels: 1, data: new Uint8Array(buffer) }),
        blend: () => undefined,
      }
    }
    const ring = new FrameRing(100)
    const placed = [0, 33, 66, 99, 132, 165, 198].map(stamp => [stamp, ring.insert(stamp, large(48))])
    // A tick up to 100 ns before 165 may still need the frame at 33.
    expect(placed).toEqual([
      [0, APPENDED],
      [33, APPENDED],
      [66, APPENDED],
      [99, APPENDED],
      [132, FULL],
      [165, APPENDED],
      [198, APPENDED],
    ])
    expect(Array.from({ length: ring.size }, (_, i) => ring.stampAt(i))).toEqual([66, 99, 165, 198])
    expect(ring.insert(199, large(193))).toBe(FULL)
    expect(ring.size).toBe(4)

    const shared = large(150)
    const parts = new FrameRing(100)
    for (let stamp = 0; stamp < 10; stamp++) expect(parts.insert(stamp, shared)).toBe(APPENDED)

    const usual = new FrameRing(140)
    for (let stamp = 0; stamp < 1000; stamp += 33) expect(usual.insert(stamp, large(24))).toBe(APPENDED)
  })

  test('of vectors grow until they cover their retention, and no further', () => {
    const ring = new VectorRing(2, 100, 16)
    for (let i = 0; i < 10_000; i++) ring.insert(i, [i, -i])
    expect(ring.capacity).toBe(128)
    expect(ring.oldest).toBeLessThanOrEqual(9999 - 100)
    for (let i = 0; i < ring.size; i++) {
      const at = 9872 + i
      expect([ring.stampAt(i), ring.valueAt(i, 0), ring.valueAt(i, 1)]).toEqual([at, at, -at])
    }
  })
})
