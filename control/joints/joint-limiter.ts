import { wrapAngle } from '../../fusion/rotation.js'
import { STEP } from '../arm/motion-limiter.js'
import type { SetPointLimiter } from '../set-point-limiter.js'
import type { ToolLimits } from './tool-limits.js'

/** s by which a joint may follow its set-point late, and the steady error (rad, m) that is allowed beside it. */
const LAG = 0.1
const STEADY_ERROR = 0.1
/** A joint that stands so near (rad, m) to the set-point that was given up is held there by it: gravity bends an arm. */
const DROOP = 0.06

/** The limits of one joint: rad, rad/s, rad/s²; m, m/s, m/s² where it slides. */
export interface JointMotionLimits {
  /** It turns without an end, and goes the shorter way round. */
  readonly continuous: boolean
  readonly position: readonly [number, number] | undefined
  readonly velocity: number
  readonly acceleration: number | undefined
}

/**
 * Moves commanded joint positions toward desired ones. They never leave the limits of position, and no step exceeds
 * those of velocity and acceleration, whatever is desired and however often. All joints of a step are slowed by the
 * same share, so the motion keeps its direction in joint space as far as the accelerations allow. A joint with a limit
 * of acceleration brakes in time for what is desired and for its end. With limits of the tool a step is shortened where
 * the tool would leave them, whatever the accelerations are. Desired positions with a NaN move nothing. Times
 * in ns. Allocates nothing per step.
 */
export class JointLimiter implements SetPointLimiter {
  /** rad, m. */
  readonly target: Float64Array
  /** 0 to 1: the share of the limits of velocity that a step may use, from the next step on. */
  scale = 1
  readonly #limits: readonly JointMotionLimits[]
  /** Of the last step, rad/s or m/s. */
  readonly #velocity: Float64Array
  readonly #before: Float64Array
  readonly #tool: ToolLimits | undefined
  readonly #made: Float64Array
  readonly #stop: Float64Array
  #since = -Infinity

  /** `tool`: the limits of the tool that follows from the joints. */
  constructor(limits: readonly JointMotionLimits[], tool?: ToolLimits) {
    this.#tool = tool
    this.#made = new Float64Array(limits.length)
    this.#stop = new Float64Array(limits.length)
    this.#limits = limits
    this.target = new Float64Array(limits.length)
    this.#velocity = new Float64Array(limits.length)
    this.#before = new Float64Array(limits.length)
  }

  /** Begins anew at `positions`, where the joints are. */
  place(positions: Float64Array): void {
    this.target.set(positions)
    this.#velocity.fill(0)
    this.#since = -Infinity
  }

  /** The joints are to rest at the target: the next step begins without a velocity. */
  stand(): void {
    this.#velocity.fill(0)
  }

  /** The target was sent unchanged at `now`, and the joints are to rest there. */
  rest(now: number): void {
    this.stand()
    this.#since = now
  }

  /**
   * One step toward `desired` (rad, m). Each joint ends no further from its measured position than a moving one lags
   * behind, or than before. Left out: that does not count.
   */
  step(desired: Float64Array, now: number, measured?: Float64Array): void {
    this.#before.set(this.target)
    const seconds = this.#seconds(now)
    const share = this.#share(desired, seconds, this.scale)
    for (let i = 0; i < this.#limits.length; i++) this.#move(i, this.#way(i, desired[i]!) * share, seconds, desired[i]!)
    if (measured) for (let i = 0; i < this.#limits.length; i++) this.target[i] = this.#near(i, measured[i]!)
    if (this.#tool && seconds > 0) this.#holdTool(this.#tool, seconds)
  }

  get clips(): number {
    return this.#tool?.clips ?? 0
  }

  /** Shortens the step so that the tool stays within its limits, also where it would come to rest. */
  #holdTool(tool: ToolLimits, seconds: number): void {
    let moves = false
    for (let i = 0; i < this.#limits.length; i++) {
      const { acceleration } = this.#limits[i]!
      const way = this.target[i]! - this.#before[i]!
      const velocity = way / seconds
      this.#made[i] = way
      this.#stop[i] = acceleration === undefined ? 0 : (velocity * Math.abs(velocity)) / (2 * acceleration)
      moves ||= way !== 0
    }
    if (!moves) return
    const share = tool.share(this.#before, this.#made, this.#stop, seconds, this.scale)
    if (share === 1) return
    for (let i = 0; i < this.#limits.length; i++) {
      this.target[i] = this.#before[i]! + this.#made[i]! * share
      this.#velocity[i] = (this.#made[i]! * share) / seconds
    }
  }

  /** One step back to `desired`, at full speed and without a limit of acceleration: away from an obstacle. */
  retreat(desired: Float64Array, now: number): void {
    const share = this.#share(desired, this.#seconds(now), 1)
    for (let i = 0; i < this.#limits.length; i++) this.target[i]! += this.#way(i, desired[i]!) * share
    this.#velocity.fill(0)
  }

  /** The time that the step at `now` may use, s. It is 0 where the clock went back. */
  #seconds(now: number): number {
    const elapsed = now - this.#since
    this.#since = now
    return Math.min(STEP, Math.max(0, elapsed)) / 1e9
  }

  /** The share of the way to `desired` that the limits of velocity allow. It is 0 where a desired position is NaN. */
  #share(desired: Float64Array, seconds: number, scale: number): number {
    let share = seconds > 0 ? 1 : 0
    for (let i = 0; i < this.#limits.length; i++) {
      const way = Math.abs(this.#way(i, desired[i]!))
      if (Number.isNaN(way)) return 0
      const most = this.#limits[i]!.velocity * scale * seconds
      if (way > most) share = Math.min(share, most / way)
    }
    return share
  }

  /** Whether steps toward `desired` have ended. */
  isAt(desired: Float64Array): boolean {
    for (let i = 0; i < this.#limits.length; i++) if (!(Math.abs(this.#way(i, desired[i]!)) < 1e-9)) return false
    return true
  }

  /** Whether each joint at `positions` is held there by the target, as far as gravity bends it. */
  holds(positions: Float64Array): boolean {
    for (let i = 0; i < this.#limits.length; i++)
      if (Math.abs(this.#off(i, this.target[i]!, positions[i]!)) > DROOP) return false
    return true
  }

  #off(i: number, value: number, at: number): number {
    return this.#limits[i]!.continuous ? wrapAngle(value - at) : value - at
  }

  /** The target of a joint no further from its measured position than allowed, or than before. */
  #near(i: number, at: number): number {
    const most = Math.max(this.#limits[i]!.velocity * LAG + STEADY_ERROR, Math.abs(this.#off(i, this.#before[i]!, at)))
    const off = this.#off(i, this.target[i]!, at)
    // In the turn of the target, which may be another than that of the measurement.
    return this.target[i]! - Math.sign(off) * Math.max(0, Math.abs(off) - most)
  }

  /** From the target of a joint to what is desired of it, within its limits of position. */
  #way(i: number, desired: number): number {
    const { continuous, position } = this.#limits[i]!
    const at = this.target[i]!
    if (continuous) return wrapAngle(desired - at)
    return (position ? Math.min(position[1], Math.max(position[0], desired)) : desired) - at
  }

  #move(i: number, way: number, seconds: number, desired: number): void {
    if (seconds === 0 || Number.isNaN(way)) return
    const { acceleration, position } = this.#limits[i]!
    let velocity = way / seconds
    if (acceleration !== undefined) {
      const most = brakingSpeed(Math.abs(this.#way(i, desired)), acceleration, seconds)
      const wanted = Math.sign(velocity) * Math.min(Math.abs(velocity), most)
      const before = this.#velocity[i]!
      const change = acceleration * seconds
      velocity = Math.min(before + change, Math.max(before - change, wanted))
      if (position) {
        velocity = Math.min(velocity, brakingSpeed(position[1] - this.target[i]!, acceleration, seconds))
        velocity = Math.max(velocity, -brakingSpeed(this.target[i]! - position[0], acceleration, seconds))
      }
    }
    this.#velocity[i] = velocity
    const to = this.target[i]! + velocity * seconds
    // A target that began outside, where the joint was, only comes back.
    this.target[i] = position ? within(to, this.target[i]!, position) : to
  }
}

/**
 * The highest speed from which a joint comes to rest after exactly `distance`, in steps of `seconds` of which each is
 * slower by `acceleration` than the one before. With n steps it is distance / (n·dt) + a·dt·(n - 1) / 2; n is the least
 * number for which the last step is not faster than one step of braking.
 */
function brakingSpeed(distance: number, acceleration: number, seconds: number): number {
  if (!(distance > 0)) return 0
  const change = acceleration * seconds
  const steps = Math.max(1, Math.ceil((Math.sqrt(1 + (8 * distance) / (change * seconds)) - 1) / 2 - 1e-9))
  return distance / (steps * seconds) + (change * (steps - 1)) / 2
}

function within(to: number, from: number, [least, most]: readonly [number, number]): number {
  return Math.min(Math.max(most, from), Math.max(Math.min(least, from), to))
}
