import type { Clock, Disposable } from '../bus.js'
import { TimerQueue } from './timer-queue.js'

/** The longest wait that setTimeout takes, ms. */
const LONGEST_WAIT = 2 ** 31 - 1

/**
 * Real time: the host's monotonic clock in whole ns since `started` (a value of process.hrtime.bigint). Timers are
 * accurate to about a millisecond and never early. A callback that throws causes an uncaught exception; the other
 * timers continue.
 */
export class SystemClock implements Clock {
  /** ns from `started` to the zero of performance.now(). It is the same clock, read without a BigInt. */
  #offset: number
  #last = -Infinity
  readonly #timers = new TimerQueue()
  #wake: { readonly stamp: number; readonly timeout: NodeJS.Timeout } | undefined

  constructor(started: bigint = process.hrtime.bigint()) {
    this.#offset = Number(process.hrtime.bigint() - started) - performance.now() * 1e6
  }

  now(): number {
    this.#last = Math.max(this.#last, Math.round(performance.now() * 1e6 + this.#offset))
    return this.#last
  }

  /**
   * Makes `now()` follow another clock, which shows `stamp` at this moment. `now()` does not go back: it stands still
   * until the other clock has caught up.
   */
  follow(stamp: number): void {
    this.#offset = stamp - performance.now() * 1e6
    this.#schedule(true)
  }

  at(stamp: number, callback: () => void): Disposable {
    return this.#add(stamp, 0, callback)
  }

  every(period: number, callback: () => void): Disposable {
    return this.#add(this.now() + period, period, callback)
  }

  /** Removes all timers. */
  close(): void {
    this.#timers.clear()
    this.#schedule()
  }

  #add(stamp: number, period: number, callback: () => void): Disposable {
    const timer = this.#timers.add(stamp, period, callback)
    this.#schedule()
    return {
      dispose: () => {
        timer.dispose()
        this.#schedule()
      },
    }
  }

  #schedule(anew = false): void {
    const { next } = this.#timers
    if (this.#wake?.stamp === next && !anew) return
    clearTimeout(this.#wake?.timeout)
    this.#wake = undefined
    if (next === Infinity) return
    const timeout = setTimeout(
      () => this.#run(),
      Math.min(LONGEST_WAIT, Math.max(0, Math.ceil((next - this.now()) / 1e6))),
    )
    this.#wake = { stamp: next, timeout }
  }

  #run(): void {
    this.#wake = undefined
    try {
      while (this.#timers.runOne(this.now()));
    } finally {
      this.#schedule()
    }
  }
}
