import { FRESH, PoseAge } from './arm/pose-age.js'
import type { Motion } from './motion.js'
import type { RateLimiter } from './rate-limiter.js'

export interface RateMotionOptions {
  readonly limiter: RateLimiter
  /** Sends a command at bus time `now` (ns). The array is reused afterwards. */
  readonly send: (command: Float64Array, now: number) => void
}

/**
 * An actuator whose command acts for as long as it is sent: velocities, efforts, a twist.
 *
 * Nothing is sent before the first step of an episode. From then on a command is sent with every `publish`. Where no step
 * came since the one before, the command goes toward 0 as the limits allow, and stays there. So it comes to rest by
 * itself in every state that holds the motion. After an over-force it is 0 at once. A set-point that ends is braked to
 * its end. A release sends 0 last of all. Times in ns. Allocates nothing per set-point.
 */
export class RateMotion implements Motion {
  readonly #limiter: RateLimiter
  readonly #send: RateMotionOptions['send']
  readonly #age = new PoseAge()
  #known = false
  #active = false
  #released = true
  /** The set-point has ended: it is sent until the command is 0. */
  #ends = false
  #stepped = false
  #sentAt = 0

  constructor({ limiter, send }: RateMotionOptions) {
    this.#limiter = limiter
    this.#send = send
  }

  get goesBack(): boolean {
    return this.#active && !this.#rests
  }

  get clips(): number {
    return this.#limiter.clips
  }

  get scale(): number {
    return this.#limiter.scale
  }

  set scale(scale: number) {
    this.#limiter.scale = scale
  }

  known(now: number): boolean {
    return this.#known && this.#age.at(now) <= FRESH
  }

  begin(): void {
    this.#released = false
    this.#known = false
    this.leave()
  }

  leave(): void {
    this.#ends = true
    this.#active &&= !this.#rests
  }

  release(): void {
    const moves = this.goesBack
    this.#released = true
    this.#active = false
    this.#limiter.cut()
    if (moves) this.#send(this.#limiter.command, this.#sentAt)
  }

  hear(state: Float64Array, stamp: number, receive: number, { stopped }: { readonly stopped: boolean }): void {
    this.#age.hear(stamp, receive)
    this.#known = true
    this.#limiter.hear(state, stamp)
    if (stopped && !this.#active && !this.#released) this.#hold()
  }

  step(desired: Float64Array, now: number): void {
    this.#active = this.#stepped = true
    this.#ends = false
    this.#limiter.step(desired, now, this.#age.at(now))
  }

  /** `publish` brakes what makes no step. */
  rest(): void {
    this.#stepped = false
  }

  halt(now: number, { overForce }: { readonly overForce: boolean }): void {
    if (overForce) return this.freeze(now)
    if (!this.#active && !this.#released && this.known(now)) this.#hold()
    this.#stepped = false
    this.publish(now)
  }

  freeze(now: number): void {
    this.#limiter.cut()
    if (!this.#released) this.#hold()
    this.publish(now)
  }

  publish(now: number): void {
    if (!this.#active) return
    if (!this.#stepped) this.#limiter.step(undefined, now, this.#age.at(now))
    this.#stepped = false
    this.#sentAt = now
    this.#send(this.#limiter.command, now)
    this.#active = !(this.#ends && this.#rests)
  }

  /** From now on the command is sent, and stays 0 where it is 0. */
  #hold(): void {
    this.#active = true
    this.#ends = false
  }

  get #rests(): boolean {
    const { command } = this.#limiter
    for (let i = 0; i < command.length; i++) if (command[i] !== 0) return false
    return true
  }
}
