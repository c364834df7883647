import type { Clock, Disposable } from '../bus.js'
import { TimerQueue } from './timer-queue.js'

/** Time that moves only when it is told to: lockstep and replays. */
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

  /** A jump of time, in either direction: every timer is as far away after it as it was before. */
  jumpTo(stamp: number): void {
    this.#timers.shift(stamp - this.#now)
    this.#now = stamp
  }

  /**
   * Moves to `stamp` and runs every timer due on the way, at its own stamp, in order. A stamp before now changes
   * nothing.
   */
  advanceTo(stamp: number): void {
    while (this.#timers.next <= stamp) {
      this.#now = Math.max(this.#now, this.#timers.next)
      this.#timers.runOne(this.#now)
    }
    if (stamp > this.#now) this.#now = stamp
  }
}
