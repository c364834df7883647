import { setTimeout as pause } from 'node:timers/promises'

export interface PaceOptions {
  /** Times real time, above 0. */
  readonly rate: number
  /** The recording's time (ns) at which it begins. Default: that of the first message. */
  readonly start?: number
  /** ns: a longer gap between two messages is not waited for. Default: every gap is. */
  readonly longestGap?: number
}

/** Holds a recording back to `rate` times real time, counted from when this was made. */
export class Pace {
  readonly #rate: number
  readonly #longestGap: number
  readonly #began = performance.now()
  /** The recording's time at `#began`. */
  #first: number | undefined
  #latest = NaN

  constructor({ rate, start, longestGap = Infinity }: PaceOptions) {
    this.#rate = rate
    this.#first = start
    this.#longestGap = longestGap
  }

  /**
   * Resolves when a message that was received at `receive` (ns) is due, or when `signal` is aborted. Less than a
   * millisecond is not waited for.
   */
  async reach(receive: number, signal?: AbortSignal): Promise<void> {
    this.#first ??= receive
    if (receive - this.#latest > this.#longestGap) this.#first += receive - this.#latest
    this.#latest = receive
    const wait = this.#began + (receive - this.#first) / 1e6 / this.#rate - performance.now()
    if (wait > 1) await pause(wait, undefined, { signal }).catch(() => undefined)
  }
}
