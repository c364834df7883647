import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MotionLimiter } from '../../control/arm/motion-limiter.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { poseOf, yawOf } from '../../control/arm/tool-pose.js'

const limits = {
  workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0.01, 0.4] },
  speed: 0.35,
  yawRate: Math.PI,
} as const
const MS = 1e6
const anything = fc.oneof(fc.double({ min: -2, max: 2, noNaN: true }), fc.constantFrom(NaN, Infinity, -Infinity))

describe('motion limits', () => {
  it('no sequence of targets leaves the workspace or passes the limits of speed and yaw rate', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ x: anything, y: anything, z: anything, yaw: anything, down: fc.constantFrom(0, 0.05, Infinity) }),
          { maxLength: 60 },
        ),
        targets => {
          const limiter = new MotionLimiter(limits)
          limiter.place({ x: 0, y: 0, z: 0.28, yaw: 0.3 })
          for (const [i, { down, ...desired }] of targets.entries()) {
            const before = { ...limiter.target }
            limiter.step(desired, i * 10 * MS, down)
            const { x, y, z, yaw } = limiter.target
            expect(x >= -0.25 && x <= 0.25 && y >= -0.2 && y <= 0.2 && z >= 0.01 && z <= 0.4).toBe(true)
            expect(Math.hypot(x - before.x, y - before.y, z - before.z)).toBeLessThanOrEqual(0.35 * 0.01 + 1e-12)
            expect(Math.abs(wrapAngle(yaw - before.yaw))).toBeLessThanOrEqual(Math.PI * 0.01 + 1e-9)
            expect(before.z - z).toBeLessThanOrEqual(down * 0.01 + 1e-12)
          }
        },
      ),
    )
  })

  it('a share of the limits bounds every step from the next one on, but not a rise away from an obstacle', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            scale: fc.double({ min: 0, max: 1, noNaN: true }),
            x: anything,
            yaw: anything,
            up: fc.boolean(),
          }),
          { maxLength: 40 },
        ),
        steps => {
          const limiter = new MotionLimiter(limits)
          limiter.place({ x: 0, y: 0, z: 0.28, yaw: 0.3 })
          for (const [i, { scale, x, yaw, up }] of steps.entries()) {
            limiter.scale = scale
            const before = { ...limiter.target }
            if (up) limiter.rise(1, i * 10 * MS)
            else limiter.step({ x, y: 0, z: 0.1, yaw }, i * 10 * MS, Infinity)
            const { target } = limiter
            expect(Math.hypot(target.x - before.x, target.y - before.y, target.z - before.z)).toBeLessThanOrEqual(
              (up ? 1 : scale) * 0.35 * 0.01 + 1e-12,
            )
            expect(Math.abs(wrapAngle(target.yaw - before.yaw))).toBeLessThanOrEqual(scale * Math.PI * 0.01 + 1e-9)
          }
        },
      ),
    )
  })

  it('a step uses at most the time since the last step or sending, and at most 10 ms', () => {
    const limiter = new MotionLimiter(limits)
    limiter.place({ x: 0, y: 0, z: 0.2, yaw: 0 })
    const step = (ms: number): number => {
      const { x } = limiter.target
      limiter.step({ x: 0.2, y: 0, z: 0.2, yaw: 0 }, ms * MS, Infinity)
      return limiter.target.x - x
    }
    const way = (ms: number): unknown => expect.closeTo((0.35 * ms) / 1e3, 9)
    expect([step(0), step(4), step(4), step(140), step(130), step(133)]).toEqual([10, 4, 0, 10, 0, 3].map(way))
    limiter.sent(139 * MS)
    expect(step(143)).toEqual(way(4))
  })

  it('yaw is the same after a conversion to a quaternion and back', () => {
    fc.assert(
      fc.property(fc.double({ min: -3.14, max: 3.14, noNaN: true }), yaw => {
        expect(Math.abs(wrapAngle(yawOf(poseOf({ x: 0, y: 0, z: 0, yaw }, new Float64Array(7))) - yaw))).toBeLessThan(
          1e-9,
        )
      }),
    )
  })
})
