import { describe, expect, it } from 'vitest'
import { JointLimiter, type JointMotionLimits } from '../../control/joints/joint-limiter.js'
import { JointVelocityLimiter } from '../../control/joints/joint-velocity-limiter.js'
import { ToolLimits, type ForwardKinematics } from '../../control/joints/tool-limits.js'
import { Random } from '../../sim/embedded/random.js'
import { MS } from './controller-rig.js'

/** Two links of 0.3 m in the plane z = 0, by their angles. */
class TwoLinks implements ForwardKinematics {
  readonly position = new Float64Array(3)
  readonly rotation = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1)

  set([a, b]: Float64Array): void {
    this.position[0] = 0.3 * Math.cos(a!) + 0.3 * Math.cos(a! + b!)
    this.position[1] = 0.3 * Math.sin(a!) + 0.3 * Math.sin(a! + b!)
    const [c, s] = [Math.cos(a! + b!), Math.sin(a! + b!)]
    this.rotation.set([c, -s, 0, s, c, 0, 0, 0, 1])
  }
}
const placeOf = (joints: Float64Array): number[] => {
  const links = new TwoLinks()
  links.set(joints)
  return [...links.position]
}

const BOUNDS = {
  workspace: { x: [0.1, 0.5], y: [-0.3, 0.3], z: [-1, 1] } as const,
  speed: 0.4,
  turnRate: 1.5,
}
const limited = (acceleration: number | undefined): JointMotionLimits[] =>
  Array.from({ length: 2 }, () => ({ continuous: false, position: [-3, 3], velocity: 3, acceleration }))
const START = Float64Array.of(0.6, -1.2)

/** The places and angles of the tool that follow each other, and how far they are out and how fast at most. */
class Watch {
  out = -Infinity
  speed = 0
  turn = 0
  #place = placeOf(START)
  #joints = START.slice()

  see(joints: Float64Array): void {
    const place = placeOf(joints)
    const { x, y } = BOUNDS.workspace
    this.out = Math.max(this.out, x[0] - place[0]!, place[0]! - x[1], y[0] - place[1]!, place[1]! - y[1])
    this.speed = Math.max(this.speed, Math.hypot(place[0]! - this.#place[0]!, place[1]! - this.#place[1]!) * 100)
    const turned = joints[0]! + joints[1]! - this.#joints[0]! - this.#joints[1]!
    this.turn = Math.max(this.turn, Math.abs(turned) * 100)
    this.#place = place
    this.#joints = joints.slice()
  }
}

describe('joints whose tool has limits', () => {
  it.each([undefined, 10])(
    'that take positions: the tool stays in its workspace and is no faster (%s)',
    acceleration => {
      const random = new Random(1, String(acceleration))
      const tool = new ToolLimits(new TwoLinks(), BOUNDS, 2)
      const limiter = new JointLimiter(limited(acceleration), tool)
      limiter.place(START)
      const watch = new Watch()
      let desired = START
      for (let n = 0; n < 4000; n++) {
        if (n % 50 === 0) desired = Float64Array.of(random.uniform(-2, 2), random.uniform(-2.5, 2.5))
        limiter.step(desired, n * 10 * MS, limiter.target.slice())
        watch.see(limiter.target)
      }
      expect(watch.out).toBeLessThanOrEqual(1e-8)
      expect(watch.out).toBeGreaterThan(-0.001)
      expect(watch.speed).toBeLessThanOrEqual(0.4 + 1e-6)
      expect(watch.turn).toBeLessThanOrEqual(1.5 + 1e-6)
      expect(limiter.clips).toBeGreaterThan(100)
      expect(limiter.clips).toBe(tool.clips)
    },
  )

  it('are braked before a side of the workspace as their accelerations allow', () => {
    const limiter = new JointLimiter(
      limited(10),
      new ToolLimits(new TwoLinks(), { ...BOUNDS, speed: 5, turnRate: 9 }, 2),
    )
    limiter.place(Float64Array.of(-1.2, 1.6))
    const velocities: number[] = []
    for (let n = 0; n < 200; n++) {
      const before = limiter.target[0]!
      limiter.step(Float64Array.of(1, 1.6), n * 10 * MS, limiter.target.slice())
      velocities.push((limiter.target[0]! - before) * 100)
    }
    const changes = velocities.slice(1).map((velocity, n) => Math.abs(velocity - velocities[n]!) * 100)
    expect(placeOf(limiter.target)[1]).toBeGreaterThan(0.299)
    expect(Math.max(...velocities)).toBeGreaterThan(1)
    expect(Math.max(...changes)).toBeLessThan(15)
  })

  it('that take velocities: the tool stays in its workspace', () => {
    const random = new Random(2, 'velocities')
    const limiter = new JointVelocityLimiter(limited(10), new ToolLimits(new TwoLinks(), BOUNDS, 2))
    const at = START.slice()
    const watch = new Watch()
    let desired = new Float64Array(2)
    for (let n = 0; n < 4000; n++) {
      if (n % 50 === 0) desired = Float64Array.of(random.uniform(-3, 3), random.uniform(-3, 3))
      limiter.hear(at)
      limiter.step(desired, n * 10 * MS, 0)
      limiter.command.forEach((velocity, i) => (at[i]! += velocity / 100))
      watch.see(at)
    }
    expect(watch.out).toBeLessThanOrEqual(1e-6)
    expect(watch.speed).toBeLessThanOrEqual(0.4 * 1.05)
    expect(limiter.clips).toBeGreaterThan(100)
  })

  it('of a tool that is outside come in, and go no further out', () => {
    const limiter = new JointLimiter(limited(undefined), new ToolLimits(new TwoLinks(), BOUNDS, 2))
    limiter.place(Float64Array.of(0, 0))
    expect(placeOf(limiter.target)[0]).toBeCloseTo(0.6, 9)
    for (let n = 0; n < 20; n++) limiter.step(Float64Array.of(0.7, -1.4), n * 10 * MS)
    expect(placeOf(limiter.target)[0]).toBeLessThan(0.6)
    const x = placeOf(limiter.target)[0]!
    for (let n = 20; n < 40; n++) limiter.step(Float64Array.of(0, 0), n * 10 * MS)
    expect(placeOf(limiter.target)[0]).toBeLessThanOrEqual(x + 1e-8)
  })
})
