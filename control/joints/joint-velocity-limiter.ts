import { STEP } from '../arm/motion-limiter.js'
import { DELAY, LONGEST_BRAKE, nextVelocity, speedBefore } from '../braking.js'
import type { RateLimiter } from '../rate-limiter.js'
import { RecentTravel } from '../recent-travel.js'
import type { JointMotionLimits } from './joint-limiter.js'
import type { ToolLimits } from './tool-limits.js'

/**
 * Limits the velocities (rad/s, m/s) of joints. No velocity exceeds its limit, and none changes faster than the limit of
 * acceleration allows. All joints are slowed by the same share, so the motion keeps its direction in joint space. A joint
 * with limits of position is slowed in time: it can always still stop before its end. Its place is the measured one, and
 * the way that it was sent since then. Desired velocities with a NaN are 0.
 */
export class JointVelocityLimiter implements RateLimiter {
  readonly command: Float64Array
  scale = 1
  readonly #limits: readonly JointMotionLimits[]
  /** rad, m. */
  readonly #at: Float64Array
  readonly #travel: RecentTravel
  readonly #tool: ToolLimits | undefined
  readonly #from: Float64Array
  readonly #way: Float64Array
  readonly #stop: Float64Array
  readonly #times = { acceleration: 0, adds: 0, brakes: 0 }
  #since = -Infinity

  /** `tool`: the limits of the tool that follows from the joints. */
  constructor(limits: readonly JointMotionLimits[], tool?: ToolLimits) {
    this.#tool = tool
    this.#from = new Float64Array(limits.length)
    this.#way = new Float64Array(limits.length)
    this.#stop = new Float64Array(limits.length)
    this.#limits = limits
    this.command = new Float64Array(limits.length)
    this.#at = new Float64Array(limits.length)
    this.#travel = new RecentTravel(limits.length)
  }

  hear(positions: Float64Array): void {
    this.#at.set(positions)
  }

  cut(): void {
    this.command.fill(0)
  }

  step(desired: Float64Array | undefined, now: number, age: number): void {
    const elapsed = Math.max(0, now - this.#since)
    this.#times.adds = Math.min(STEP, elapsed) / 1e9
    this.#times.brakes = Math.min(LONGEST_BRAKE, elapsed) / 1e9
    this.#since = now
    const share = desired ? this.#share(desired) : 0
    for (let i = 0; i < this.#limits.length; i++) {
      const { acceleration, position } = this.#limits[i]!
      const before = this.command[i]!
      let velocity = desired && share > 0 ? desired[i]! * share : 0
      if (acceleration !== undefined) {
        this.#times.acceleration = acceleration
        velocity = nextVelocity(before, velocity, this.#times)
      }
      if (position) {
        const at = this.#at[i]! + this.#travel.over(i, age, now)
        velocity = Math.min(velocity, speedBefore(position[1] - at, acceleration))
        velocity = Math.max(velocity, -speedBefore(at - position[0], acceleration))
      }
      this.command[i] = velocity
    }
    if (this.#tool) this.#holdTool(this.#tool, now, age)
    this.#travel.add(this.command, now)
  }

  get clips(): number {
    return this.#tool?.clips ?? 0
  }

  /** Slows all joints by one share so that the tool stays within its limits, also where it would come to rest. */
  #holdTool(tool: ToolLimits, now: number, age: number): void {
    const seconds = DELAY + STEP / 1e9
    let moves = false
    for (let i = 0; i < this.#limits.length; i++) {
      const { acceleration } = this.#limits[i]!
      const velocity = this.command[i]!
      this.#from[i] = this.#at[i]! + this.#travel.over(i, age, now)
      this.#way[i] = velocity * seconds
      this.#stop[i] = acceleration === undefined ? 0 : (velocity * Math.abs(velocity)) / (2 * acceleration)
      moves ||= velocity !== 0
    }
    if (!moves) return
    const share = tool.share(this.#from, this.#way, this.#stop, seconds, this.scale)
    for (let i = 0; i < this.#limits.length; i++) this.command[i]! *= share
  }

  /** The share of the desired velocities that the limits allow. It is 0 where one is a NaN. */
  #share(desired: Float64Array): number {
    let share = 1
    for (let i = 0; i < this.#limits.length; i++) {
      const speed = Math.abs(desired[i]!)
      if (Number.isNaN(speed)) return 0
      const most = this.#limits[i]!.velocity * this.scale
      if (speed > most) share = Math.min(share, most / speed)
    }
    return share
  }
}
