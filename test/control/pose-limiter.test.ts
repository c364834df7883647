import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PoseLimiter } from '../../control/arm/pose-limiter.js'
import { SetPointMotion } from '../../control/set-point-motion.js'
import { MS } from './controller-rig.js'

const LIMITS = { workspace: { x: [-0.2, 0.2], y: [-0.2, 0.2], z: [0, 0.4] } as const, speed: 0.3, turnRate: 2 }
const HOME = Float64Array.of(0, 0, 0.2, 1, 0, 0, 0)

/** The angle between two rotations by the trace of the matrix of one after the other: independent of what is tested. */
function turnBetween(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const matrix = (q: ArrayLike<number>): number[][] => {
    const n = Math.hypot(q[3]!, q[4]!, q[5]!, q[6]!)
    const [x, y, z, w] = [q[3]! / n, q[4]! / n, q[5]! / n, q[6]! / n]
    return [
      [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
      [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
      [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
  }
  const [m, n] = [matrix(a), matrix(b)]
  const trace = m.flatMap((row, i) => row.map((value, k) => value * n[i]![k]!)).reduce((sum, value) => sum + value, 0)
  return Math.acos(Math.min(1, Math.max(-1, (trace - 1) / 2)))
}

const rotation = fc
  .tuple(...Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true })))
  .filter(values => Math.hypot(...values) > 0.1)
const small = fc.double({ min: -0.1, max: 0.1, noNaN: true })
const pose = fc
  .tuple(
    ...Array.from({ length: 3 }, () => fc.double({ min: -1, max: 1, noNaN: true })),
    fc.oneof(
      rotation,
      fc.tuple(small, small, small).map(values => [1, ...values]),
    ),
  )
  .map(([x, y, z, q]) => {
    const n = Math.hypot(...(q as number[]))
    return Float64Array.of(x as number, y as number, z as number, ...(q as number[]).map(value => value / n))
  })

describe('a tool that may take every rotation', () => {
  it('never leaves its workspace, and neither moves nor turns faster than its limits, whatever is desired', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(pose, fc.integer({ min: 1, max: 30 })), { maxLength: 12 }), wishes => {
        const limiter = new PoseLimiter(LIMITS)
        limiter.place(HOME)
        let now = 0
        for (const [desired, steps] of wishes) {
          for (let n = 0; n < steps; n++) {
            const before = limiter.target.slice()
            limiter.step(desired, (now += 10 * MS), before)
            const { target } = limiter
            expect(Math.hypot(target[0]! - before[0]!, target[1]! - before[1]!, target[2]! - before[2]!)).toBeLessThan(
              0.003 + 1e-9,
            )
            expect(turnBetween(target, before)).toBeLessThan(0.02 + 1e-6)
            expect(Math.hypot(...target.slice(3))).toBeCloseTo(1, 9)
            expect(Math.abs(target[0]!)).toBeLessThanOrEqual(0.2)
            expect(target[2]).toBeGreaterThanOrEqual(0)
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  it('turns about one axis, the shorter way, and arrives', () => {
    const limiter = new PoseLimiter(LIMITS)
    limiter.place(HOME)
    // A quarter about the tool's x axis, with the sign of the quaternion turned round.
    const desired = Float64Array.of(0, 0, 0.2, -Math.SQRT1_2, 0, 0, Math.SQRT1_2)
    const angle = turnBetween(HOME, desired)
    let left = angle
    for (let n = 1; left > 1e-6 && n < 200; n++) {
      limiter.step(desired, n * 10 * MS, limiter.target.slice())
      const now = turnBetween(limiter.target, desired)
      expect(left - now).toBeGreaterThan(0)
      left = now
    }
    expect(left).toBeLessThan(1e-6)
  })

  it('does not move for a NaN, and waits for a tool that does not follow', () => {
    const limiter = new PoseLimiter(LIMITS)
    limiter.place(HOME)
    limiter.step(Float64Array.of(0.1, NaN, 0.2, 1, 0, 0, 0), 10 * MS, HOME)
    expect([...limiter.target]).toEqual([...HOME])
    for (let n = 2; n < 200; n++) limiter.step(Float64Array.of(0.2, 0, 0.2, 0, 0, 0, 1), n * 10 * MS, HOME)
    expect(limiter.target[0]).toBeLessThanOrEqual(0.3 * 0.1 + 0.01 + 1e-9)
    expect(turnBetween(limiter.target, HOME)).toBeLessThanOrEqual(2 * 0.1 + 0.1 + 0.02 + 1e-6)
  })

  it('is held at a stop, goes back after an over-force, and continues where it stood', () => {
    const sent: Float64Array[] = []
    const motion = new SetPointMotion({ limiter: new PoseLimiter(LIMITS), send: at => sent.push(at.slice()) })
    let now = 0
    const at = HOME.slice()
    const step = (desired?: Float64Array): void => {
      now += 10 * MS
      motion.hear(at, now, now, { stopped: false })
      if (desired) motion.step(desired, now)
      motion.publish(now)
    }
    motion.begin()
    step()
    expect(sent).toEqual([])
    const desired = Float64Array.of(0.1, 0, 0.2, 1, 0.2, 0, 0)
    for (let n = 0; n < 5; n++) step(desired)
    const stopped = sent.at(-1)!
    motion.halt(now, { overForce: false })
    expect(sent.at(-1)).toEqual(stopped)
    motion.freeze(now)
    for (let n = 0; n < 20; n++) step()
    expect(motion.goesBack).toBe(false)
    expect(sent.at(-1)![0]).toBeCloseTo(0, 6)
    expect(turnBetween(sent.at(-1)!, HOME)).toBeLessThan(1e-5)
  })
})
