import type { RateLimiter } from '../rate-limiter.js'

/** The limits of one joint that takes efforts: N·m, rad, rad/s; N, m, m/s where it slides. */
export interface JointEffortLimits {
  readonly effort: number
  readonly position: readonly [number, number] | undefined
  readonly velocity: number | undefined
}

/** Least time between the two states that give a velocity, ns. */
const BASE = 8_000_000

/**
 * Limits the efforts (N·m, N) of joints. No effort exceeds its limit. A joint is not pushed on where it is beyond an end
 * of its positions or will be until the next command, or where it moves faster than its limit: there the effort in that
 * direction is 0. How a joint moves under an effort is not known, so it may still pass an end by what it swings. Without
 * a desired effort it is 0 at once. Desired efforts with a NaN are 0.
 */
export class JointEffortLimiter implements RateLimiter {
  readonly command: Float64Array
  readonly clips = 0
  scale = 1
  readonly #limits: readonly JointEffortLimits[]
  readonly #at: Float64Array
  readonly #before: Float64Array
  /** Of the newest states, rad/s or m/s. */
  readonly #velocity: Float64Array
  #stamp = NaN

  constructor(limits: readonly JointEffortLimits[]) {
    this.#limits = limits
    this.command = new Float64Array(limits.length)
    this.#at = new Float64Array(limits.length)
    this.#before = new Float64Array(limits.length)
    this.#velocity = new Float64Array(limits.length)
  }

  hear(positions: Float64Array, stamp: number): void {
    this.#at.set(positions)
    const elapsed = stamp - this.#stamp
    if (elapsed >= 0 && elapsed < BASE) return
    for (let i = 0; i < this.#at.length; i++)
      this.#velocity[i] = elapsed > 0 ? ((this.#at[i]! - this.#before[i]!) * 1e9) / elapsed : 0
    this.#before.set(positions)
    this.#stamp = stamp
  }

  cut(): void {
    this.command.fill(0)
  }

  step(desired: Float64Array | undefined, _now: number, age: number): void {
    for (let i = 0; i < this.#limits.length; i++) {
      const { effort } = this.#limits[i]!
      const wanted = Math.min(effort, Math.max(-effort, desired?.[i] ?? 0))
      this.command[i] = Number.isNaN(wanted) || this.#isOver(i, Math.sign(wanted), age) ? 0 : wanted
    }
  }

  /** Whether a joint must not be pushed on in a direction (1 or -1). */
  #isOver(i: number, direction: number, age: number): boolean {
    const { position, velocity } = this.#limits[i]!
    const speed = this.#velocity[i]!
    const at = this.#at[i]! + (speed * age) / 1e9
    if (position && (direction > 0 ? at >= position[1] : at <= position[0])) return true
    return velocity !== undefined && direction * speed > velocity * this.scale
  }
}
