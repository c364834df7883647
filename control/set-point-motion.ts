import { FRESH, PoseAge } from './arm/pose-age.js'
import type { Motion } from './motion.js'
import type { SetPointLimiter } from './set-point-limiter.js'

export interface SetPointMotionOptions {
  readonly limiter: SetPointLimiter
  /** Sends a set-point at bus time `now` (ns). The array is reused afterwards. */
  readonly send: (setPoint: Float64Array, now: number) => void
  /**
   * Whether what moves the arm has a fault. Then nothing is sent and the set-point is given up, since the arm may
   * have moved when the fault is gone. Default: never.
   */
  readonly isFaulty?: (() => boolean) | undefined
  /** Makes it forget a fault whose cause is gone. */
  readonly recover?: (() => void) | undefined
}

/**
 * The set-point of an arm that is told where to be: positions of its joints (rad, m), or the pose of its tool. It is sent
 * to the arm from here alone.
 *
 * The set-point begins at the measured state with the first step of an episode, and from then on only steps of the
 * limiter move it. It never runs further ahead of the measured state than a moving arm lags behind, so an arm that is
 * blocked or slowed has only a short way to go when it is stopped. A halt leaves the set-point where it is. It ends
 * with the next episode, a "resume" or a release. A new one continues there where the arm still stands at it: an arm
 * that gravity bends would sink with each beginning otherwise. After an over-force it goes back to the measured state, so
 * that the arm does not push further. Times in ns. Allocates nothing per set-point.
 */
export class SetPointMotion implements Motion {
  readonly #options: SetPointMotionOptions
  readonly #limiter: SetPointLimiter
  readonly #measured: Float64Array
  readonly #back: Float64Array
  readonly #age = new PoseAge()
  #known = false
  #active = false
  #released = true
  #goesBack = false
  /** The target is a set-point that was given up, and the joints may still stand at it. */
  #former = false

  constructor(options: SetPointMotionOptions) {
    const { length } = options.limiter.target
    this.#options = options
    this.#limiter = options.limiter
    this.#measured = new Float64Array(length)
    this.#back = new Float64Array(length)
  }

  /** The set-point. While it is not active: the measured state. */
  get target(): Float64Array {
    return this.#limiter.target
  }

  get clips(): number {
    return this.#limiter.clips
  }

  /** 0 to 1: the share of the limits of velocity that steps may use. It does not apply to the way back. */
  get scale(): number {
    return this.#limiter.scale
  }

  set scale(scale: number) {
    this.#limiter.scale = scale
  }

  /** Whether the measured state is known and fresh at `now`. */
  known(now: number): boolean {
    return this.#known && this.#age.at(now) <= FRESH
  }

  get isFaulty(): boolean {
    return this.#options.isFaulty?.() ?? false
  }

  recover(): void {
    this.#options.recover?.()
  }

  /** An episode begins. Nothing is sent before the next step. */
  begin(): void {
    this.#released = false
    this.#known = false
    this.leave()
  }

  /** The set-point ends. Nothing is sent before the next step. */
  leave(): void {
    this.#former ||= this.#active
    this.#active = this.#goesBack = false
    this.#limiter.stand()
  }

  /** From now on others may move the arm. */
  release(): void {
    this.leave()
    this.#former = false
    this.#released = true
  }

  /**
   * Takes a measured state, all finite, with its stamp and receive time. `stopped`: the set-point becomes this state where
   * there is none, so that the arm is held.
   */
  hear(state: Float64Array, stamp: number, receive: number, { stopped }: { readonly stopped: boolean }): void {
    this.#measured.set(state)
    this.#age.hear(stamp, receive)
    this.#known = true
    if (this.#active) return
    this.#former &&= this.#limiter.holds(state)
    if (!this.#former) this.#limiter.place(state)
    if (stopped && !this.#released) {
      this.#active = true
      this.publish(receive)
    }
  }

  /** One step toward `desired`. The next `publish` sends it. */
  step(desired: Float64Array, now: number): void {
    this.#active = true
    this.#goesBack = this.#former = false
    this.#limiter.step(desired, now, this.#measured)
  }

  /**
   * Brings the arm to rest: the set-point stays where it is, and becomes the measured state where there was none.
   * With `overForce` it goes back to it. Nothing is sent where it is too old.
   */
  halt(now: number, { overForce }: { readonly overForce: boolean }): void {
    if (overForce) this.freeze(now)
    else {
      if (!this.#active && !this.#released && this.known(now)) this.#active = true
      this.publish(now)
    }
  }

  /**
   * The set-point goes back to the measured state at once, within the limits of velocity. An old state lies behind
   * the arm, too.
   */
  freeze(now: number): void {
    this.#limiter.stand()
    if (this.#known && !this.#released) {
      this.#back.set(this.#measured)
      this.#goesBack = this.#active = true
    }
    this.publish(now)
  }

  /** Whether the set-point is still going back. */
  get goesBack(): boolean {
    return this.#goesBack
  }

  /** Sends the set-point if it is active. Where no step came since it was sent last, it rests. */
  publish(now: number): void {
    if (this.isFaulty) {
      this.#known = false
      this.leave()
      // What moves the arm does not hold it at the set-point any more.
      this.#former = false
    }
    if (!this.#active) return
    const limiter = this.#limiter
    if (this.#goesBack) {
      limiter.retreat(this.#back, now)
      this.#goesBack = !limiter.isAt(this.#back)
    }
    this.#options.send(limiter.target, now)
  }

  /** The arm is held at the set-point: the next step begins from rest. */
  rest(now: number): void {
    if (!this.#goesBack) this.#limiter.rest(now)
  }
}
