import { expect, it } from 'vitest'
import { PoseLimiter } from '../../control/arm/pose-limiter.js'
import { TwistLimiter } from '../../control/arm/twist-limiter.js'
import { nextVelocity } from '../../control/braking.js'
import { JointVelocityLimiter } from '../../control/joints/joint-velocity-limiter.js'
import { MS } from './controller-rig.js'

const WORKSPACE = { x: [-9, 9], y: [-9, 9], z: [-9, 9] } as const
const POSE = Float64Array.of(0, 0, 0, 0, 0, 0, 1)

const twist = () => {
  const limits = { workspace: WORKSPACE, speed: 2, turnRate: 2, acceleration: 10, turnAcceleration: 10, axes: 'base' }
  const limiter = new TwistLimiter({ ...limits, axes: 'base' })
  limiter.hear(POSE)
  return limiter
}
const joint = () => {
  const limiter = new JointVelocityLimiter([{ continuous: false, position: undefined, velocity: 2, acceleration: 10 }])
  limiter.hear(Float64Array.of(0))
  return limiter
}

it.each([
  { name: 'a joint', make: joint, full: [2] },
  { name: 'a tool', make: twist, full: [0, 2, 0, 2, 0, 0] },
])('$name comes to rest as soon where the steps come late, and speeds up no faster', ({ make, full }) => {
  for (const period of [10, 30, 70]) {
    const limiter = make()
    const desired = Float64Array.from(full)
    let now = 1000 * MS
    const speed = (): number => Math.max(...limiter.command.map(Math.abs))
    for (let step = 0; step < 25; step++) {
      const before = speed()
      limiter.step(desired, (now += period * MS), 0)
      if (step > 0) expect(speed() - before).toBeLessThanOrEqual(0.1 + 1e-12)
    }
    expect(speed()).toBeCloseTo(2, 12)
    const stopped = now
    while (speed() > 1e-12) limiter.step(undefined, (now += period * MS), 0)
    // 2 at 10 a second: 200 ms, and the rest of the last step.
    expect((now - stopped) / MS).toBeLessThan(200 + period + 1e-9)
    expect((now - stopped) / MS).toBeGreaterThanOrEqual(199)
  }
})

it('a velocity turns round by way of 0: it brakes for all the time, and begins again for one step at most', () => {
  const next = (before: number, wanted: number): number =>
    nextVelocity(before, wanted, { acceleration: 10, adds: 0.01, brakes: 0.05 })
  expect(next(1, -1)).toBeCloseTo(0.5, 12)
  expect(next(0.2, -1)).toBeCloseTo(-0.1, 12)
  expect(next(0.45, -1)).toBeCloseTo(-0.05, 12)
  expect(next(-0.2, 1)).toBeCloseTo(0.1, 12)
  expect(next(0, 1)).toBeCloseTo(0.1, 12)
  expect(next(0.3, 0.35)).toBeCloseTo(0.35, 12)
})

it('a scale of 0 lets nothing move', () => {
  const limiter = twist()
  limiter.scale = 0
  for (let n = 1; n < 50; n++) limiter.step(Float64Array.of(3, 0, 0, 0, 8, 0), n * 10 * MS, 0)
  expect([...limiter.command]).toEqual([0, 0, 0, 0, 0, 0])
  const pose = new PoseLimiter({ workspace: WORKSPACE, speed: 0.5, turnRate: 1 })
  pose.place(POSE)
  pose.scale = 0
  for (let n = 1; n < 50; n++) pose.step(Float64Array.of(1, 0, 0, 0, 0, 1, 0), n * 10 * MS, POSE)
  expect([...pose.target]).toEqual([...POSE])
})
