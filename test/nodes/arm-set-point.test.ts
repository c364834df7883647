import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ArmSetPoint } from '../../nodes/arm-set-point.js'
import { poseOf, tiltAngle, wrapAngle, yawOf } from '../../nodes/tool-pose.js'

const limits = { workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0.01, 0.4] }, speed: 0.35, yawRate: Math.PI } as const
const MS = 1e6
const NOTHING = { stopped: false, struck: false }
const START = { x: 0.05, y: -0.05, z: 0.2, yaw: 0.3 }

/** Rotation of `b`, then of `a`; x, y, z, w. */
function product(a: readonly number[], b: readonly number[]): number[] {
  const [x, y, z, w] = a
  const [p, q, r, s] = b
  return [w * p + x * s + y * r - z * q, w * q - x * r + y * s + z * p, w * r + x * q - y * p + z * s, w * s - x * p - y * q - z * r]
}

/** rad between two orientations. */
function between(a: readonly number[], b: readonly number[]): number {
  const dot = Math.abs(a.reduce((sum, value, i) => sum + value * b[i], 0))
  return 2 * Math.acos(Math.min(1, dot))
}

const place = fc.double({ min: -0.5, max: 0.5, noNaN: true })
const desired = fc.record({ x: place, y: place, z: place, yaw: fc.double({ min: -3.2, max: 3.2, noNaN: true }) })
const event = fc.oneof(
  { weight: 30, arbitrary: fc.record({ what: fc.constant('go'), to: desired, pause: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom('halt', 'freeze', 'resume', 'publish'), to: desired, pause: fc.integer({ min: 0, max: 120 }) }) },
)

/** An arm that follows its set-points, and whose poses come late and from another clock. */
const world = fc.record({
  lag: fc.integer({ min: 1, max: 80 }), offset: fc.integer({ min: -1e10, max: 1e10 }), delays: fc.array(fc.integer({ min: 0, max: 110 }), { minLength: 1, maxLength: 20 }),
  scale: fc.double({ min: 0.05, max: 1, noNaN: true }), events: fc.array(event, { minLength: 1, maxLength: 40 }),
})

describe('the arm\'s set-point', () => {
  it('takes no step beyond the limits and leaves the workspace never, and a halt moves it not at all, whatever the poses\' age, clock and delay', () => {
    fc.assert(fc.property(world, ({ lag, offset, delays, scale, events }) => {
      const sent: { now: number; pose: Float64Array }[] = []
      const arm = new ArmSetPoint({ limits, send: (pose, now) => sent.push({ now, pose: pose.slice() }) })
      arm.scale = scale
      const tool = poseOf(START, new Float64Array(7))
      const waiting: { due: number; stamp: number; pose: Float64Array }[] = []
      let now = 1e9
      let going: (typeof events)[number]['to'] | undefined
      let spell = 0
      arm.begin(now)
      const pass = (ms: number): void => {
        for (let i = 0; i < ms; i++) {
          now += MS
          const t = now / MS
          sent.at(-1)?.pose.forEach((value, axis) => { tool[axis] += (value - tool[axis]) / lag })
          if (t % 4 === 0) waiting.push({ due: Math.max(waiting.at(-1)?.due ?? 0, now + delays[t / 4 % delays.length] * MS), stamp: now + offset, pose: tool.slice() })
          for (let next = waiting.at(0); next && next.due <= now; next = waiting.at(0)) {
            waiting.shift()
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
        if (what === 'resume') {
          check()
          spell = sent.length
          arm.leave()
        }
        if (what === 'halt') {
          const ours = sent.length > spell
          arm.halt(now, { struck: false })
          const frozen = events.some(one => one.what === 'freeze')
          if (ours && !frozen) expect([...sent[sent.length - 1].pose]).toEqual([...last?.pose ?? []])
        }
        pass(pause)
      }
      check()

      function check(): void {
        for (let i = spell + 1; i < sent.length; i++) {
          const [before, after] = [sent[i - 1], sent[i]]
          const seconds = Math.min(10 * MS, after.now - before.now) / 1e9
          const way = Math.hypot(...[0, 1, 2].map(axis => after.pose[axis] - before.pose[axis]))
          expect(way).toBeLessThanOrEqual(scale * limits.speed * seconds + 1e-9)
          expect(Math.abs(wrapAngle(yawOf(after.pose) - yawOf(before.pose)))).toBeLessThanOrEqual(scale * limits.yawRate * seconds + 1e-9)
          for (const [axis, [low, high]] of [limits.workspace.x, limits.workspace.y, limits.workspace.z].entries()) {
            expect(after.pose[axis] >= low - 1e-9 && after.pose[axis] <= high + 1e-9).toBe(true)
          }
        }
      }
    }), { numRuns: 300 })
  })

  it('begins where the tool is, in its whole orientation: neither a step nor a halt turns a tilted tool', () => {
    const axis = fc.tuple(...Array.from({ length: 4 }, () => fc.double({ min: -1, max: 1, noNaN: true })) as [fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>, fc.Arbitrary<number>])
      .filter(q => Math.hypot(...q) > 0.1).map(q => q.map(value => value / Math.hypot(...q)))
    fc.assert(fc.property(axis, fc.constantFrom('step', 'halt', 'freeze'), (q, what) => {
      const sent: Float64Array[] = []
      const arm = new ArmSetPoint({ limits, send: pose => sent.push(pose.slice()) })
      arm.begin(0)
      arm.hear(Float64Array.of(0, 0, 0.2, ...q), 4 * MS, 4 * MS, NOTHING)
      if (what === 'step') arm.step({ x: 0, y: 0, z: 0.2, yaw: arm.target.yaw }, 5 * MS, Infinity)
      if (what === 'halt') arm.halt(5 * MS, { struck: false })
      if (what === 'freeze') arm.freeze(5 * MS)
      arm.publish(6 * MS)
      const pose = [...sent[sent.length - 1]]
      expect(between(pose.slice(3), q)).toBeLessThan(1e-6)
      expect(Math.hypot(...pose.slice(3))).toBeCloseTo(1, 9)
      // The tilt is the angle between the tool's z axis and -z of the base frame.
      const [x, y, z, w] = q
      const z0 = product(product([x, y, z, w], [0, 0, 1, 0]), [-x, -y, -z, w])[2]
      expect(tiltAngle(Float64Array.of(0, 0, 0, ...q))).toBeCloseTo(Math.acos(Math.max(-1, Math.min(1, -z0))), 5)
    }))
  })

  it('after an over-force goes back to where the tool was measured, within the limits, and only then rises', () => {
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
})
