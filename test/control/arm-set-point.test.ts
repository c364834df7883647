import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArmSetPoint } from '../../control/arm/arm-set-point.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { poseOf, tiltAngle, yawOf } from '../../control/arm/tool-pose.js'

const limits = {
  workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0.01, 0.4] },
  speed: 0.35,
  yawRate: Math.PI,
} as const
const MS = 1e6
const NOTHING = { stopped: false, overForce: false }
const START = { x: 0.05, y: -0.05, z: 0.2, yaw: 0.3 }

/** The way in 0.1 s at full speed, plus 10 mm and 0.1 rad. */
const FOLLOWING_ERROR = { way: 0.045, turn: Math.PI / 10 + 0.1 }

const START_POSE = poseOf(START, new Float64Array(7))
const way = (a: Float64Array, b: Float64Array): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])
const turn = (a: Float64Array, b: Float64Array): number => Math.abs(wrapAngle(yawOf(a) - yawOf(b)))

/**
 * An arm with its poses. It moves every ms, is measured every 4 ms, and its set-point makes a step toward `going` and
 * is sent every 10 ms.
 */
class FollowedArm {
  readonly sent: Float64Array[] = []
  readonly arm = new ArmSetPoint({ limits, send: pose => this.sent.push(pose.slice()) })
  readonly tool = poseOf(START, new Float64Array(7))
  now = 1e9
  going: typeof START | undefined
  /** ms from a measurement to its reception; NaN: there are no poses. */
  delay = 0
  overForce = false
  stopped = false
  readonly #move: (tool: Float64Array, target: Float64Array) => void
  readonly #waiting: { readonly due: number; readonly stamp: number; readonly pose: Float64Array }[] = []

  constructor(move: (tool: Float64Array, target: Float64Array) => void) {
    this.#move = move
    this.arm.begin(this.now)
  }

  get last(): Float64Array {
    return this.sent[this.sent.length - 1]
  }

  pass(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.now += MS
      const { arm, now, tool } = this
      if (this.sent.length > 0) this.#move(tool, this.last)
      if (now % (4 * MS) === 0 && !Number.isNaN(this.delay))
        this.#waiting.push({ due: now + this.delay * MS, stamp: now, pose: tool.slice() })
      for (let next = this.#waiting.at(0); next && next.due <= now; next = this.#waiting.at(0)) {
        this.#waiting.shift()
        arm.hear(next.pose, next.stamp, now, this)
      }
      if (now % (10 * MS) > 0) continue
      if (this.going && !this.stopped && arm.tool.known(now)) {
        if (this.overForce) arm.rise(this.going.z, now)
        else arm.step(this.going, now, Infinity)
      }
      arm.publish(now)
    }
  }

  /** The longest step between two set-points sent from number `from` on, m. */
  widest(from = 1): number {
    return Math.max(0, ...this.sent.slice(from).map((pose, i) => way(pose, this.sent[from + i - 1])))
  }
}

/** An arm that moves straight to its set-point, at most `metres` per ms. */
const capped =
  (metres: number) =>
  (tool: Float64Array, target: Float64Array): void => {
    const share = Math.min(1, metres / Math.max(way(tool, target), 1e-12))
    for (let axis = 0; axis < 7; axis++) tool[axis] += (target[axis] - tool[axis]) * share
  }

/** An arm that follows in 45 ms and hangs `droop` m below its set-point. */
const following =
  (droop = 0) =>
  (tool: Float64Array, target: Float64Array): void => {
    for (let axis = 0; axis < 7; axis++) tool[axis] += (target[axis] - (axis === 2 ? droop : 0) - tool[axis]) / 45
  }

/** The rotation `b` followed by `a`, as quaternions x, y, z, w. */
function product(a: readonly number[], b: readonly number[]): number[] {
  const [x, y, z, w] = a
  const [p, q, r, s] = b
  return [
    w * p + x * s + y * r - z * q,
    w * q - x * r + y * s + z * p,
    w * r + x * q - y * p + z * s,
    w * s - x * p - y * q - z * r,
  ]
}

/** The angle between two orientations, rad. */
function between(a: readonly number[], b: readonly number[]): number {
  const dot = Math.abs(a.reduce((sum, value, i) => sum + value * b[i], 0))
  return 2 * Math.acos(Math.min(1, dot))
}

const place = fc.double({ min: -0.5, max: 0.5, noNaN: true })
const desired = fc.record({ x: place, y: place, z: place, yaw: fc.double({ min: -3.2, max: 3.2, noNaN: true }) })
const event = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({ what: fc.constant('go'), to: desired, pause: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constantFrom('halt', 'freeze', 'resume', 'publish'),
      to: desired,
      pause: fc.integer({ min: 0, max: 120 }),
    }),
  },
)

/** An arm that follows its set-points. Its poses are late and have stamps of another clock. */
const world = fc.record({
  lag: fc.integer({ min: 1, max: 80 }),
  offset: fc.integer({ min: -1e10, max: 1e10 }),
  delays: fc.array(fc.integer({ min: 0, max: 110 }), { minLength: 1, maxLength: 20 }),
  scale: fc.double({ min: 0.05, max: 1, noNaN: true }),
  events: fc.array(event, { minLength: 1, maxLength: 40 }),
})

describe("the arm's set-point", () => {
  it(
    'never steps beyond the limits, the following error or the workspace, also across a "resume", and a halt does not ' +
      'move it, whatever the age, clock and delay of the poses',
    () => {
      fc.assert(
        fc.property(world, ({ lag, offset, delays, scale, events }) => {
          const sent: { now: number; pose: Float64Array; heard: Float64Array }[] = []
          let heard: Float64Array = new Float64Array(7)
          const arm = new ArmSetPoint({ limits, send: (pose, now) => sent.push({ now, pose: pose.slice(), heard }) })
          const frozen = events.some(({ what }) => what === 'freeze')
          arm.scale = scale
          const tool = poseOf(START, new Float64Array(7))
          const waiting: { due: number; stamp: number; pose: Float64Array }[] = []
          let now = 1e9
          let going: (typeof events)[number]['to'] | undefined
          arm.begin(now)
          const pass = (ms: number): void => {
            for (let i = 0; i < ms; i++) {
              now += MS
              const t = now / MS
              sent.at(-1)?.pose.forEach((value, axis) => {
                tool[axis] += (value - tool[axis]) / lag
              })
              if (t % 4 === 0)
                waiting.push({
                  due: Math.max(waiting.at(-1)?.due ?? 0, now + delays[(t / 4) % delays.length] * MS),
                  stamp: now + offset,
                  pose: tool.slice(),
                })
              for (let next = waiting.at(0); next && next.due <= now; next = waiting.at(0)) {
                waiting.shift()
                heard = next.pose
                arm.hear(next.pose, next.stamp, now, NOTHING)
              }
              if (t % 10 === 0) {
                if (going && arm.tool.known(now)) arm.step(going, now, Infinity)
                arm.publish(now)
              }
            }
          }
          pass(130)
          for (const { what, to, pause } of events) {
            const last = sent.at(-1)
            if (what === 'go') going = to
            else going = undefined
            if (what === 'freeze') arm.freeze(now)
            if (what === 'publish') arm.publish(now)
            if (what === 'resume') arm.leave()
            if (what === 'halt') {
              arm.halt(now, { overForce: false })
              if (last && !frozen) expect([...sent[sent.length - 1].pose]).toEqual([...(last?.pose ?? [])])
            }
            pass(pause)
          }
          for (const [i, after] of sent.entries()) {
            for (const [axis, [low, high]] of [limits.workspace.x, limits.workspace.y, limits.workspace.z].entries()) {
              expect(after.pose[axis] >= low - 1e-9 && after.pose[axis] <= high + 1e-9).toBe(true)
            }
            const before = sent.at(i - 1)
            if (i === 0 || !before) continue
            const seconds = Math.min(10 * MS, after.now - before.now) / 1e9
            const most = frozen ? 1 : scale
            expect(way(before.pose, after.pose)).toBeLessThanOrEqual(most * limits.speed * seconds + 1e-9)
            expect(turn(before.pose, after.pose)).toBeLessThanOrEqual(most * limits.yawRate * seconds + 1e-9)
            if (frozen) continue
            expect(way(after.pose, after.heard)).toBeLessThanOrEqual(
              Math.max(FOLLOWING_ERROR.way, way(before.pose, after.heard)) + 1e-9,
            )
            expect(turn(after.pose, after.heard)).toBeLessThanOrEqual(
              Math.max(FOLLOWING_ERROR.turn, turn(before.pose, after.heard)) + 1e-9,
            )
          }
        }),
        { numRuns: 300 },
      )
    },
  )

  it('begins at the tool with its whole orientation: neither a step nor a halt turns a tilted tool', () => {
    const axis = fc
      .tuple(
        ...(Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true })) as [
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
          fc.Arbitrary<number>,
        ]),
      )
      .filter(q => Math.hypot(...q) > 0.1)
      .map(q => q.map(value => value / Math.hypot(...q)))
    fc.assert(
      fc.property(axis, fc.constantFrom('step', 'halt', 'freeze'), (q, what) => {
        const sent: Float64Array[] = []
        const arm = new ArmSetPoint({ limits, send: pose => sent.push(pose.slice()) })
        arm.begin(0)
        arm.hear(Float64Array.of(0, 0, 0.2, ...q), 4 * MS, 4 * MS, NOTHING)
        if (what === 'step') arm.step({ x: 0, y: 0, z: 0.2, yaw: arm.target.yaw }, 5 * MS, Infinity)
        if (what === 'halt') arm.halt(5 * MS, { overForce: false })
        if (what === 'freeze') arm.freeze(5 * MS)
        arm.publish(6 * MS)
        const pose = [...sent[sent.length - 1]]
        expect(between(pose.slice(3), q)).toBeLessThan(1e-6)
        expect(Math.hypot(...pose.slice(3))).toBeCloseTo(1, 9)
        // The tilt is the angle between the tool's z axis and -z of the base frame.
        const [x, y, z, w] = q
        const z0 = product(product([x, y, z, w], [0, 0, 1, 0]), [-x, -y, -z, w])[2]
        expect(tiltAngle(Float64Array.of(0, 0, 0, ...q))).toBeCloseTo(Math.acos(Math.max(-1, Math.min(1, -z0))), 5)
      }),
    )
  })

  it('goes back to the measured pose after an over-force, within the limits, and only then rises', () => {
    const sent: Float64Array[] = []
    const arm = new ArmSetPoint({ limits, send: pose => sent.push(pose.slice()) })
    arm.begin(0)
    for (let t = 4; t <= 40; t += 4) arm.hear(poseOf(START, new Float64Array(7)), t * MS, t * MS, NOTHING)
    for (let t = 50; t <= 100; t += 10) {
      arm.step({ ...START, z: 0.1 }, t * MS, Infinity)
      arm.publish(t * MS)
    }
    const deepest = sent[sent.length - 1][2]
    expect(deepest).toBeCloseTo(0.2 - 6 * 0.0035, 9)
    arm.freeze(101 * MS)
    expect(sent[sent.length - 1][2] - deepest).toBeCloseTo(0.00035, 9)
    for (let t = 110; t <= 200; t += 10) {
      arm.rise(0.25, t * MS)
      arm.publish(t * MS)
    }
    const heights = sent.slice(6).map(pose => pose[2])
    expect(Math.max(...heights.slice(1).map((z, i) => z - heights[i]))).toBeLessThanOrEqual(0.0035 + 1e-9)
    expect(heights.some(z => Math.abs(z - 0.2) < 1e-9)).toBe(true)
    expect(heights[heights.length - 1]).toBeGreaterThan(0.2)
  })

  it.each([
    ['came late', 150],
    ['did not come', NaN],
  ])('goes back after an over-force though the pose %s', (_what, delay) => {
    const world = new FollowedArm(capped(0))
    world.going = { ...START, z: 0.1 }
    world.pass(200)
    world.delay = delay
    world.pass(130)
    const pushing = way(world.last, START_POSE)
    expect(pushing).toBeGreaterThan(0.04)
    world.overForce = true
    world.arm.freeze(world.now)
    world.pass(30)
    world.delay = 0
    world.pass(200)
    expect(way(world.last, START_POSE)).toBeLessThan(1e-6)
    expect(world.widest()).toBeLessThanOrEqual(0.0035 + 1e-9)
  })

  it('goes back and up at full speed, however low the scale', () => {
    const world = new FollowedArm(capped(0))
    world.going = { ...START, z: 0.1 }
    world.pass(200)
    world.arm.scale = 0.05
    world.overForce = true
    world.going = { ...START, z: 0.25 }
    world.arm.freeze(world.now)
    const from = world.sent.length
    world.pass(300)
    const heights = world.sent.slice(from).map(pose => pose[2])
    expect(heights[1] - heights[0]).toBeCloseTo(0.0035, 9)
    expect(heights[heights.length - 1] - START.z).toBeCloseTo(FOLLOWING_ERROR.way, 9)
    expect(heights.every((z, i) => i === 0 || z >= heights[i - 1])).toBe(true)
  })

  it('does not go back once the over-force is over', () => {
    const world = new FollowedArm(capped(0))
    world.going = { ...START, z: 0.1 }
    world.pass(200)
    world.delay = NaN
    world.pass(130)
    const { last } = world
    world.going = undefined
    world.overForce = true
    world.arm.freeze(world.now)
    world.overForce = false
    world.delay = 0
    world.pass(200)
    expect(world.last).toEqual(last)
  })

  const FAR = { ...START, x: -0.2 }

  it.each([
    ['slowed to 0.1 m/s', 0.0001],
    ['slowed to 0.02 m/s', 0.00002],
    ['blocked', 0],
  ])('waits for an arm that is %s, so that the arm does not move on after a stop', (_what, metres) => {
    const world = new FollowedArm(capped(metres))
    world.going = FAR
    world.pass(1500)
    expect(way(world.last, world.tool)).toBeGreaterThan(0.04)
    const { last } = world
    const from = world.tool.slice()
    world.stopped = true
    world.arm.halt(world.now, { overForce: false })
    world.pass(2000)
    expect(world.last).toEqual(last)
    expect(way(world.tool, from)).toBeLessThanOrEqual(FOLLOWING_ERROR.way + 1e-9)
  })

  it('goes on once a blocked arm is free again, and never waits for one that follows in 45 ms', () => {
    let metres = 0
    const world = new FollowedArm((tool, target) => capped(metres)(tool, target))
    world.going = FAR
    world.pass(1000)
    metres = 0.001
    world.pass(1000)
    expect(world.tool[0]).toBeCloseTo(FAR.x, 3)
    const free = new FollowedArm(following())
    free.going = FAR
    free.pass(700)
    const ways = free.sent.slice(1).map((pose, i) => way(pose, free.sent[i]))
    expect(Math.min(...ways.slice(0, 60))).toBeCloseTo(0.0035, 9)
  })

  it.each([0, 0.006, 0.012])(
    'continues after each "resume" where it was, with an arm that hangs %d m below it',
    droop => {
      const world = new FollowedArm(following(droop))
      world.going = FAR
      world.pass(300)
      for (let i = 0; i < 5; i++) {
        world.stopped = true
        world.arm.halt(world.now, { overForce: false })
        world.pass(i * 60)
        world.arm.leave()
        world.stopped = false
        world.pass(3 + i * 40)
      }
      expect(world.widest()).toBeLessThanOrEqual(0.0035 + 1e-9)
      expect(world.last[2]).toBeCloseTo(START.z, 9)
    },
  )

  it('begins anew where somebody has moved the arm after a "resume"', () => {
    const world = new FollowedArm(following())
    world.going = FAR
    world.pass(300)
    world.going = undefined
    world.arm.halt(world.now, { overForce: false })
    world.pass(300)
    world.arm.leave()
    world.pass(400)
    for (let i = 0; i < 20; i++) {
      world.tool.set([0, 1].map(axis => world.tool[axis] + 0.001))
      for (let t = 4; t <= 20; t += 4) world.arm.hear(world.tool, world.now + t * MS, world.now + t * MS, world)
      world.now += 20 * MS
    }
    const from = world.sent.length
    world.arm.step(FAR, world.now, Infinity)
    world.arm.publish(world.now)
    expect(way(world.sent[from], world.tool)).toBeLessThanOrEqual(0.0035 + 1e-9)
  })
})
