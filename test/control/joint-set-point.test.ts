import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { JointLimiter, type JointMotionLimits } from '../../control/joints/joint-limiter.js'
import { SetPointMotion } from '../../control/set-point-motion.js'
import { wrapAngle } from '../../fusion/rotation.js'

const MS = 1_000_000
const STEP = 10 * MS

const revolute: JointMotionLimits = { continuous: false, position: [-1, 2], velocity: 1.5, acceleration: 20 }
const limitsOf = fc
  .record({
    continuous: fc.boolean(),
    velocity: fc.double({ min: 0.1, max: 4, noNaN: true }),
    acceleration: fc.option(fc.double({ min: 1, max: 60, noNaN: true }), { nil: undefined }),
  })
  .map(
    ({ continuous, ...rest }): JointMotionLimits => ({
      continuous,
      position: continuous ? undefined : [-1, 2],
      ...rest,
    }),
  )

describe('the limits of joints', () => {
  it('hold at every step, whatever is desired and however late the steps come', () => {
    const desired = fc.oneof(fc.double({ min: -8, max: 8, noNaN: true }), fc.constantFrom(NaN, Infinity, -Infinity))
    const step = fc.record({ desired: fc.tuple(desired, desired), ms: fc.integer({ min: 0, max: 40 }) })
    fc.assert(
      fc.property(
        fc.tuple(limitsOf, limitsOf),
        fc.tuple(fc.double({ min: -1, max: 2, noNaN: true }), fc.double({ min: -1, max: 2, noNaN: true })),
        fc.array(step, { minLength: 1, maxLength: 60 }),
        (limits, start, steps) => {
          const limiter = new JointLimiter(limits)
          limiter.place(Float64Array.from(start))
          let now = 0
          for (const { desired, ms } of steps) {
            const before = limiter.target.slice()
            now += ms * MS
            limiter.step(Float64Array.from(desired), now)
            limits.forEach(({ continuous, position, velocity }, i) => {
              const to = limiter.target[i]
              const moved = continuous ? Math.abs(wrapAngle(to - before[i])) : Math.abs(to - before[i])
              expect(moved).toBeLessThanOrEqual(velocity * 0.01 + 1e-12)
              if (position) {
                expect(to).toBeGreaterThanOrEqual(position[0])
                expect(to).toBeLessThanOrEqual(position[1])
              }
            })
          }
        },
      ),
    )
  })

  it('of acceleration hold from step to step, and the joint comes to rest where it is wanted without passing it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 2, noNaN: true }),
        fc.double({ min: -1, max: 2, noNaN: true }),
        fc.double({ min: 1, max: 60, noNaN: true }),
        (from, to, acceleration) => {
          const limiter = new JointLimiter([{ ...revolute, acceleration }])
          limiter.place(Float64Array.of(from))
          let before = 0
          for (let n = 1; n <= 600; n++) {
            const at = limiter.target[0]
            limiter.step(Float64Array.of(to), n * STEP)
            const velocity = (limiter.target[0] - at) / 0.01
            expect(Math.abs(velocity - before)).toBeLessThanOrEqual(acceleration * 0.01 + 1e-6)
            expect((to - limiter.target[0]) * Math.sign(to - from)).toBeGreaterThanOrEqual(-1e-9)
            before = velocity
          }
          expect(limiter.target[0]).toBeCloseTo(to, 6)
        },
      ),
    )
  })

  it('keep the direction in joint space where nothing accelerates', () => {
    const free = { ...revolute, acceleration: undefined }
    const limiter = new JointLimiter([free, { ...free, velocity: 0.5 }])
    limiter.place(Float64Array.of(0, 0))
    limiter.step(Float64Array.of(1, 1), STEP)
    expect([...limiter.target]).toEqual([0.005, 0.005])
  })

  it('let a joint that begins outside come back, and go no further', () => {
    const limiter = new JointLimiter([{ ...revolute, acceleration: undefined }])
    limiter.place(Float64Array.of(2.5))
    limiter.step(Float64Array.of(9), STEP)
    expect(limiter.target[0]).toBeCloseTo(2.485, 9)
    limiter.step(Float64Array.of(0), 2 * STEP)
    expect(limiter.target[0]).toBeCloseTo(2.47, 9)
  })
})

class Rig {
  now = 1000 * MS
  stopped = false
  readonly sent: number[][] = []
  readonly joints: SetPointMotion

  constructor(limits: Partial<JointMotionLimits> = {}) {
    this.joints = new SetPointMotion({
      limiter: new JointLimiter([{ ...revolute, acceleration: undefined, ...limits }]),
      send: positions => this.sent.push([...positions]),
    })
  }

  hear(position: number): void {
    this.joints.hear(Float64Array.of(position), this.now, this.now, { stopped: this.stopped })
  }

  /** 10 ms in which the joint follows, or stands at `held`. */
  step(desired: number, held?: number): void {
    this.now += STEP
    this.hear(held ?? this.joints.target[0])
    this.joints.step(Float64Array.of(desired), this.now)
    this.joints.publish(this.now)
  }
}

describe('the set-point of joints', () => {
  it('begins at the measured positions, and nothing is sent before the first step', () => {
    const { joints, sent } = new Rig()
    joints.begin()
    joints.publish(0)
    expect(sent).toEqual([])
    expect(joints.known(0)).toBe(false)
    const rig = new Rig()
    rig.joints.begin()
    rig.hear(0.5)
    expect(rig.joints.known(rig.now)).toBe(true)
    rig.step(2)
    expect(rig.sent).toEqual([[0.515]])
  })

  it('runs no further ahead of a blocked joint than a moving one lags behind', () => {
    const rig = new Rig()
    rig.joints.begin()
    for (let n = 0; n < 100; n++) rig.step(2, 0.5)
    expect(rig.joints.target[0]).toBeCloseTo(0.5 + 1.5 * 0.1 + 0.1, 9)
  })

  it('stays where it is at a halt, is sent on, and ends with the next episode', () => {
    const rig = new Rig()
    rig.joints.begin()
    for (let n = 0; n < 10; n++) rig.step(2, 0.5)
    const [at] = rig.sent.at(-1)!
    rig.joints.halt(rig.now, { overForce: false })
    rig.hear(0.9)
    rig.joints.publish(rig.now)
    expect(rig.sent.slice(-2)).toEqual([[at], [at]])
    rig.joints.begin()
    const { length } = rig.sent
    rig.joints.publish(rig.now)
    rig.joints.halt(rig.now, { overForce: false })
    expect(rig.sent).toHaveLength(length)
  })

  it('takes the measured positions at a halt where there was none, unless others move the arm', () => {
    const rig = new Rig()
    rig.hear(0.5)
    rig.joints.halt(rig.now, { overForce: false })
    expect(rig.sent).toEqual([])
    rig.joints.begin()
    rig.hear(0.5)
    rig.joints.halt(rig.now, { overForce: false })
    expect(rig.sent).toEqual([[0.5]])
    rig.joints.release()
    rig.joints.freeze(rig.now)
    expect(rig.sent).toEqual([[0.5]])
  })

  it('goes back to the measured positions after an over-force, within the limits', () => {
    const rig = new Rig()
    rig.joints.begin()
    for (let n = 0; n < 100; n++) rig.step(2, 0.5)
    rig.joints.freeze(rig.now)
    const before = rig.joints.target[0]
    for (let n = 0; n < 100 && rig.joints.goesBack; n++) rig.joints.publish((rig.now += STEP))
    expect(rig.joints.goesBack).toBe(false)
    expect(rig.joints.target[0]).toBeCloseTo(0.5, 9)
    const places = rig.sent.map(([place]) => place)
    places.slice(1).forEach((place, i) => expect(Math.abs(place - places[i])).toBeLessThanOrEqual(0.015 + 1e-9))
    expect(before).toBeGreaterThan(0.5)
  })

  it('goes back at once where the joint has a limit of acceleration: it is never sent further in', () => {
    const rig = new Rig({ velocity: 1, acceleration: 1 })
    rig.joints.begin()
    for (let n = 0; n < 150; n++) rig.step(2, Math.min(1, rig.joints.target[0]))
    const pushed = rig.joints.target[0]
    expect(pushed).toBeGreaterThan(1)
    rig.joints.freeze(rig.now)
    const { length } = rig.sent
    for (let n = 0; n < 30 && rig.joints.goesBack; n++) rig.joints.publish((rig.now += STEP))
    expect(rig.joints.goesBack).toBe(false)
    for (const [place] of rig.sent.slice(length)) expect(place).toBeLessThan(pushed)
  })

  it('begins from rest after a stop, however fast it was', () => {
    const rig = new Rig({ acceleration: 1 })
    rig.joints.begin()
    for (let n = 0; n < 50; n++) rig.step(2)
    rig.joints.halt(rig.now, { overForce: false })
    rig.joints.leave()
    const at = rig.joints.target[0]
    rig.joints.step(Float64Array.of(-1), (rig.now += STEP))
    expect(rig.joints.target[0]).toBeLessThan(at)
  })

  it('of a joint without an end never jumps by a turn, however the measurement wraps', () => {
    const rig = new Rig({ continuous: true, position: undefined })
    rig.joints.begin()
    rig.hear(3)
    for (let n = 0; n < 200; n++) {
      rig.now += STEP
      rig.hear(wrapAngle(Math.min(rig.joints.target[0], 3.2)))
      rig.joints.step(Float64Array.of(4.5), rig.now)
      rig.joints.publish(rig.now)
    }
    const places = rig.sent.map(([place]) => place)
    places.slice(1).forEach((place, i) => expect(Math.abs(place - places[i])).toBeLessThanOrEqual(0.015 + 1e-9))
    expect(places.at(-1)).toBeCloseTo(3.2 + 1.5 * 0.1 + 0.1, 6)
  })

  it('continues after a "resume" where the arm that gravity bends still stands at it, and not where it was moved', () => {
    const rig = new Rig()
    rig.joints.begin()
    for (let n = 0; n < 100; n++) rig.step(1, rig.joints.target[0] - 0.05)
    rig.joints.leave()
    rig.hear(0.95)
    rig.step(1, 0.95)
    expect(rig.sent.at(-1)).toEqual([1])
    rig.joints.leave()
    rig.hear(0.5)
    rig.step(0.5, 0.5)
    expect(rig.sent.at(-1)).toEqual([0.5])
  })

  it('holds an arm whose positions become known during a stop', () => {
    const rig = new Rig()
    rig.joints.begin()
    rig.stopped = true
    rig.hear(0.4)
    rig.hear(0.3)
    rig.joints.publish(rig.now)
    expect(rig.sent).toEqual([[0.4], [0.4]])
  })
})
