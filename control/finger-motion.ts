import { FRESH, PoseAge } from './arm/pose-age.js'
import type { Motion } from './motion.js'

/** Fingers that are told where to go, once for each change. No call waits for an answer. */
export interface CommandedFingers {
  /** What moves them is not there, or has refused. */
  readonly isFaulty: boolean
  /** Moves them to `width` (m) with `effort` (N). What was told before and not begun is forgotten. */
  move(width: number, effort: number): void
  /** Ends the motion: they stay where they are. `at`: that place (m), as far as it is known. */
  stop(at: number | undefined): void
  /** Forgets what was told and not begun. */
  drop(): void
  /** Forgets a refusal. */
  recover(): void
  /** To be called at the rate of the set-points. */
  poll(now: number): void
}

export interface FingerMotionOptions {
  readonly fingers: CommandedFingers
  /** m, N. */
  readonly limits: { readonly width: readonly [number, number]; readonly effort: readonly [number, number] }
  /** Whether their place is measured. */
  readonly isMeasured: boolean
}

/** Least time between two commands, ns. */
const PERIOD = 100_000_000
/** A change is told where it is a larger share of the range than this. */
const SHARE = 0.005

/**
 * A gripper that is told its width (m) and its effort (N) once for each change, and no more often than ten times a second;
 * the newest wins. Both are brought within the limits. A halt ends the motion of the fingers; a hold that is none does
 * not, so that an object stays held. Times in ns.
 */
export class FingerMotion implements Motion {
  readonly goesBack = false
  readonly clips = 0
  /** Fingers have no limit of velocity of their own. */
  scale = 1
  readonly #options: FingerMotionOptions
  readonly #age = new PoseAge()
  #width: number | undefined
  /** What was told last. */
  #told: { readonly width: number; readonly effort: number } | undefined
  #toldAt = -Infinity

  constructor(options: FingerMotionOptions) {
    this.#options = options
  }

  get isFaulty(): boolean {
    return this.#options.fingers.isFaulty
  }

  known(now: number): boolean {
    return !this.#options.isMeasured || (this.#width !== undefined && this.#age.at(now) <= FRESH)
  }

  begin(): void {
    this.#width = undefined
    this.leave()
  }

  leave(): void {
    this.#options.fingers.drop()
    this.#told = undefined
  }

  release(): void {
    this.leave()
  }

  recover(): void {
    this.#options.fingers.recover()
  }

  /** Takes the measured width (m). */
  hear(state: Float64Array, stamp: number, receive: number): void {
    this.#age.hear(stamp, receive)
    this.#width = state[0]
  }

  step(desired: Float64Array, now: number): void {
    const { limits, fingers } = this.#options
    const width = within(desired[0]!, limits.width)
    const effort = within(desired[1]!, limits.effort)
    if (Number.isNaN(width + effort) || now - this.#toldAt < PERIOD) return
    const { width: before = NaN, effort: effortBefore = NaN } = this.#told ?? {}
    if (isNear(width, before, limits.width) && isNear(effort, effortBefore, limits.effort)) return
    this.#told = { width, effort }
    this.#toldAt = now
    fingers.move(width, effort)
  }

  rest(): void {}

  halt(): void {
    this.#told = undefined
    this.#toldAt = -Infinity
    this.#options.fingers.stop(this.#width)
  }

  /** Fingers that hold an object go on holding it. */
  freeze(): void {}

  publish(now: number): void {
    // What was told before a fault may not have been carried out.
    if (this.#options.fingers.isFaulty) this.#told = undefined
    this.#options.fingers.poll(now)
  }
}

const within = (value: number, [least, most]: readonly [number, number]): number =>
  Math.min(most, Math.max(least, value))

const isNear = (value: number, before: number, [least, most]: readonly [number, number]): boolean =>
  Math.abs(value - before) <= SHARE * (most - least)
