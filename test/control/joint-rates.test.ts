import { describe, expect, it } from 'vitest'
import { JointEffortLimiter } from '../../control/joints/joint-effort-limiter.js'
import { JointVelocityLimiter } from '../../control/joints/joint-velocity-limiter.js'
import { RateMotion } from '../../control/rate-motion.js'
import { Random } from '../../sim/embedded/random.js'
import { MS } from './controller-rig.js'

const LIMIT = { continuous: false, position: [-1, 1] as const, velocity: 2, acceleration: 8 }

/** Joints that move as they are told, measured every 8 ms, `late` ms before the measurement comes. */
class Joints {
  now = 1000 * MS
  readonly sent: number[][] = []
  readonly at: Float64Array
  readonly motion: RateMotion
  #command: Float64Array
  readonly #late: number
  readonly #measured: { readonly due: number; readonly stamp: number; readonly at: Float64Array }[] = []

  constructor(
    limits: readonly (typeof LIMIT | (Omit<typeof LIMIT, 'acceleration'> & { acceleration: undefined }))[],
    late = 0,
  ) {
    this.#late = late
    this.at = new Float64Array(limits.length)
    this.#command = new Float64Array(limits.length)
    this.motion = new RateMotion({
      limiter: new JointVelocityLimiter(limits),
      send: command => {
        this.sent.push([...command])
        this.#command = command.slice()
      },
    })
    this.motion.begin()
  }

  /** 10 ms; undefined: nothing is desired. `silent`: no state comes. */
  step(desired: readonly number[] | undefined, { silent = false } = {}): void {
    for (let ms = 0; ms < 10; ms++) {
      this.now += MS
      this.#command.forEach((velocity, i) => (this.at[i]! += velocity / 1000))
      const { now: stamp, at } = this
      if ((stamp / MS) % 8 === 0 && !silent)
        this.#measured.push({ due: stamp + this.#late * MS, stamp, at: at.slice() })
      while (this.#measured[0] && this.#measured[0].due <= this.now) {
        const { stamp: made, at: was } = this.#measured.shift()!
        this.motion.hear(was, made, this.now, { stopped: false })
      }
    }
    if (desired) this.motion.step(Float64Array.from(desired), this.now)
    else this.motion.rest()
    this.motion.publish(this.now)
  }

  steps(count: number, ...rest: Parameters<Joints['step']>): void {
    for (let n = 0; n < count; n++) this.step(...rest)
  }
}

/** The largest change of a velocity from one command to the next, rad/s². */
const acceleration = (sent: readonly number[][]): number =>
  Math.max(...sent.slice(1).flatMap((row, n) => row.map((value, i) => Math.abs(value - sent[n]![i]!) * 100)))

describe('joints that take velocities', () => {
  it('reach what is desired within the limits of velocity and acceleration, in its direction', () => {
    const joints = new Joints([LIMIT, LIMIT])
    joints.steps(30, [4, -2])
    expect(joints.sent.at(-1)).toEqual([2, -1])
    expect(acceleration(joints.sent)).toBeLessThan(8 + 1e-9)
  })

  it('send nothing before the first step, and rest within the limits where no step comes', () => {
    const joints = new Joints([LIMIT])
    joints.steps(5, undefined)
    expect(joints.sent).toEqual([])
    joints.steps(10, [0.5])
    joints.steps(10, undefined)
    expect(joints.sent.at(-1)).toEqual([0])
    expect(joints.sent).toHaveLength(20)
    expect(acceleration(joints.sent)).toBeLessThan(8 + 1e-9)
  })

  it.each([0, 10, 20])('never pass an end, whatever is desired, measured %d ms late', late => {
    const random = new Random(7, String(late))
    const joints = new Joints([LIMIT, { ...LIMIT, acceleration: 3 }, { ...LIMIT, acceleration: undefined }], late)
    let desired = [0, 0, 0]
    for (let n = 0; n < 3000; n++) {
      if (n % 40 === 0) desired = desired.map(() => random.uniform(-6, 6))
      joints.step(desired)
      for (const at of joints.at) expect(Math.abs(at)).toBeLessThanOrEqual(1 + 1e-6)
    }
    expect(Math.max(...joints.sent.flat().map(Math.abs))).toBeLessThanOrEqual(2 + 1e-9)
  })

  it('come to rest at an end without a jump of velocity', () => {
    const joints = new Joints([LIMIT])
    joints.steps(300, [2])
    expect(joints.at[0]).toBeGreaterThan(0.98)
    expect(Math.abs(joints.sent.at(-1)![0]!)).toBeLessThan(0.01)
    expect(acceleration(joints.sent)).toBeLessThan(8 * 1.5)
  })

  it('are braked by a halt and stay at 0, and are cut at once by an over-force', () => {
    const joints = new Joints([LIMIT])
    joints.steps(20, [1])
    joints.now += 10 * MS
    joints.motion.halt(joints.now, { overForce: false })
    expect(joints.sent.at(-1)![0]).toBeCloseTo(0.92, 9)
    expect(joints.motion.goesBack).toBe(true)
    joints.steps(20, undefined)
    expect(joints.sent.at(-1)).toEqual([0])
    expect(joints.motion.goesBack).toBe(false)
    joints.steps(20, [-1])
    joints.motion.freeze(joints.now)
    expect(joints.sent.at(-1)).toEqual([0])
  })

  it('are braked to the end where the episode ends, and a release sends 0 last', () => {
    const joints = new Joints([LIMIT])
    joints.steps(20, [1])
    joints.motion.begin()
    joints.steps(30, undefined)
    expect(joints.sent.at(-1)).toEqual([0])
    const { length } = joints.sent
    joints.steps(5, undefined)
    expect(joints.sent).toHaveLength(length)
    joints.steps(20, [1])
    joints.motion.release()
    expect(joints.sent.at(-1)).toEqual([0])
  })

  it('are not known once their state is silent for 100 ms', () => {
    const joints = new Joints([LIMIT])
    expect(joints.motion.known(joints.now)).toBe(false)
    joints.steps(5, [1])
    expect(joints.motion.known(joints.now)).toBe(true)
    joints.steps(11, undefined, { silent: true })
    expect(joints.motion.known(joints.now)).toBe(false)
  })
})

describe('joints that take efforts', () => {
  const limiter = (): JointEffortLimiter => new JointEffortLimiter([{ effort: 3, position: [-1, 1], velocity: 2 }])
  const heard = (...states: readonly number[]): JointEffortLimiter => {
    const made = limiter()
    states.forEach((at, i) => made.hear(Float64Array.of(at), i * 10 * MS))
    return made
  }
  const commanded = (of: JointEffortLimiter, desired: number | undefined, age = 0): number => {
    of.step(desired === undefined ? undefined : Float64Array.of(desired), 0, age)
    return of.command[0]!
  }

  it('get no more than the limit, and 0 where nothing is desired', () => {
    const one = heard(0, 0)
    expect(commanded(one, 9)).toBe(3)
    expect(commanded(one, -9)).toBe(-3)
    expect(commanded(one, undefined)).toBe(0)
    expect(commanded(one, NaN)).toBe(0)
  })

  it('are not pushed further beyond an end, and are pushed back', () => {
    expect(commanded(heard(1, 1), 1)).toBe(0)
    expect(commanded(heard(1, 1), -1)).toBe(-1)
    // At 1 rad/s it is beyond the end 20 ms after it was measured at 0.99.
    expect(commanded(heard(0.98, 0.99), 1, 20 * MS)).toBe(0)
    expect(commanded(heard(0.98, 0.99), 1)).toBe(1)
  })

  it('are not driven faster than their limit', () => {
    expect(commanded(heard(0, 0.021), 1)).toBe(0)
    expect(commanded(heard(0, 0.021), -1)).toBe(-1)
    expect(commanded(heard(0, 0.019), 1)).toBe(1)
  })
})
