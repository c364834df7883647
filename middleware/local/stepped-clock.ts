import type { Clock, Disposable } from '../bus.js'
import { TimerQueue } from './timer-queue.js'

/** A clock that moves only when it is told to: for lockstep and replays. */
export class SteppedClock implements Clock {
  readonly #timers = new TimerQueue()
  #now: number

  constructor(start = 0) {
    this.#now = start
  }

  now(): number {
    return this.#now
  }

  at(stamp: number, callback: () => void): Disposable {
    return this.#timers.add(stamp, 0, callback)
  }

  every(period: number, callback: () => void): Disposable {
    return this.#timers.add(this.#now + period, period, callback)
  }

  /** Stamp of the earliest timer; Infinity when there is none. */
  nextTimer(): number {
    return this.#timers.next
  }

  /** A time jump in either direction. Every timer is as far ahead after it as it was before. */
  jumpTo(stamp: number): void {
    this.#timers.shift(stamp - this.#now)
    this.#now = stamp
  }

  /**
   * Moves to `stamp` and runs every timer that is due on the way, in order and at its own stamp. An earlier `stamp` has
   * no effect.
   */
  advanceTo(stamp: number): void {
    while (this.#timers.next <= stamp) {
      this.#now = Math.max(this.#now, this.#timers.next)
      this.#timers.runOne(this.#now)
    }
    if (stamp > this.#now) this.#now = stamp
  }
}
