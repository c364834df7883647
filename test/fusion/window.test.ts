import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Pyramid } from '../../fusion/pyramid.js'
import { VectorRing } from '../../fusion/vector-ring.js'
import { SlidingWindow } from '../../fusion/window-statistics.js'
import { MS, PYRAMID, random } from './robots.js'

interface Sample {
  stamp: number
  values: number[]
}

/** The four statistics from their definitions, in two passes. */
function plain(samples: readonly Sample[], from: number, to: number, axis: number): number[] {
  const inside = samples.filter(({ stamp }) => stamp > from && stamp <= to)
  const n = inside.length
  if (n === 0) return [0, 0, 0, 0]
  const y = inside.map(({ values }) => values[axis] as number)
  const t = inside.map(({ stamp }) => (stamp - (inside[0] as Sample).stamp) / 1e9)
  const shift = y[0] as number
  const mean = shift + y.reduce((sum, v) => sum + (v - shift), 0) / n
  const timeMean = t.reduce((sum, v) => sum + v, 0) / n
  const std = Math.sqrt(y.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n)
  const peak = Math.max(...y.map(Math.abs))
  const sty = y.reduce((sum, v, i) => sum + (v - mean) * ((t[i] as number) - timeMean), 0)
  const stt = t.reduce((sum, v) => sum + (v - timeMean) ** 2, 0)
  return [mean, std, peak, n < 2 ? 0 : sty / stt]
}

/**
 * Compares within 1e-9 of the scale of each statistic: mean and peak of the values, deviation of the noise, slope of
 * the noise over time.
 */
function expectClose(got: ArrayLike<number>, want: number[], noise: number, offset: number, span: number): void {
  const scales = [offset + noise, noise, offset + noise, noise / span]
  for (let s = 0; s < 4; s++)
    expect(Math.abs((got[s] as number) - (want[s] as number))).toBeLessThan(1e-9 * (scales[s] as number) + 1e-12)
}

describe('sliding windows', () => {
  test('equal their definition over 20 s of a noisy wrench on an offset of 192 N, far from the epoch', () => {
    const rand = random(7)
    const ring = new VectorRing(6, 2e9)
    const pyramid = new Pyramid(ring, PYRAMID)
    const samples: Sample[] = []
    let stamp = 8e15
    let next = stamp + 300 * MS
    for (let i = 0; i < 20_000; i++) {
      stamp += Math.round((0.5 + rand()) * MS)
      const values = Array.from({ length: 6 }, (_, axis) => (axis === 2 ? 192 : 0) + (rand() - 0.5) * 0.02)
      samples.push({ stamp, values })
      if (samples.length > 1000) samples.shift()
      ring.insert(stamp, values)
      if (stamp < next) continue
      // The ring has samples that are newer than the tick.
      const tick = next - 3 * MS
      const got = pyramid.at(tick)
      PYRAMID.forEach((length, w) => {
        for (const axis of [0, 2, 5]) {
          const want = plain(samples, tick - length, tick, axis)
          expectClose(
            got.subarray(axis * 24 + 4 * w, axis * 24 + 4 * w + 4),
            want,
            0.02,
            axis === 2 ? 192 : 0,
            length / 1e9,
          )
        }
      })
      next += 33_333_333
    }
    expect(pyramid.rebuilds).toBe(0)
  })

  test('equal their definition for any samples, insertions out of order and ticks', () => {
    const value = fc.double({ min: -50, max: 50, noNaN: true })
    const step = fc.oneof(
      fc.record({ kind: fc.constant('sample' as const), by: fc.integer({ min: -8, max: 20 }), value }),
      fc.record({ kind: fc.constant('tick' as const), by: fc.integer({ min: -2, max: 40 }), value: fc.constant(0) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 1, max: 60 }), (steps, length) => {
        const ring = new VectorRing(1, 1e9, 16)
        const window = new SlidingWindow(ring)
        const samples: Sample[] = []
        let now = 1000 * MS
        let tick = now
        for (const { kind, by, value } of steps) {
          if (kind === 'sample') {
            const stamp = now + by * MS
            now = Math.max(now, stamp)
            if (samples.some(sample => sample.stamp === stamp)) continue
            samples.push({ stamp, values: [value] })
            samples.sort((a, b) => a.stamp - b.stamp)
            if (ring.insert(stamp, [value]) !== 0) window.disturb(stamp)
          } else {
            tick += by * MS
            const count = window.move(tick - length * MS, tick)
            expect(count).toBe(samples.filter(({ stamp }) => stamp > tick - length * MS && stamp <= tick).length)
            const got = new Float64Array(4)
            window.statistics(0, got, 0)
            expectClose(got, plain(samples, tick - length * MS, tick, 0), 100, 100, 0.001)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  test('over a constant have a deviation of exactly 0, however long they run', () => {
    const ring = new VectorRing(1, 1e9)
    const window = new SlidingWindow(ring)
    const out = new Float64Array(4)
    for (let i = 1; i <= 200_000; i++) {
      ring.insert(i * MS, [192.1])
      if (i % 33 !== 0) continue
      window.move((i - 64) * MS, i * MS)
      window.statistics(0, out, 0)
      expect([...out]).toEqual([192.1, 0, 192.1, 0])
    }
  })

  test('forget a huge value entirely once it has left', () => {
    const ring = new VectorRing(1, 1e9)
    const window = new SlidingWindow(ring)
    const out = new Float64Array(4)
    for (let i = 1; i <= 2000; i++) {
      ring.insert(i * MS, [i === 1000 ? 1e15 : (i % 2) * 1e-3])
      window.move((i - 10) * MS, i * MS)
    }
    window.statistics(0, out, 0)
    expect(out[0]).toBeCloseTo(5e-4, 15)
    expect(out[1]).toBeCloseTo(5e-4, 15)
  })

  test('with one sample have slope 0, with none are all 0', () => {
    const ring = new VectorRing(2, 1e9)
    ring.insert(5 * MS, [3, -4])
    const pyramid = new Pyramid(ring, [8 * MS])
    expect([...pyramid.at(6 * MS)]).toEqual([3, 0, 3, 0, -4, 0, 4, 0])
    expect([...pyramid.at(13 * MS)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })
})
