import { setTimeout as pause } from 'node:timers/promises'

export interface PaceOptions {
  /** A factor on real time, above 0. */
  readonly rate: number
  /** The recording's time in ns at which the playback begins. Default: the time of the first message. */
  readonly start?: number
  /** ns: a longer gap between two messages is skipped. Default: no gap is skipped. */
  readonly longestGap?: number
}

/** Delays the messages of a recording so that it runs at `rate` times real time, from the construction on. */
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
   * Resolves when a message with the receive time `receive` (ns) is due, or when `signal` is aborted. Waits of less
   * than a millisecond are skipped.
   */
  async reach(receive: number, signal?: AbortSignal): Promise<void> {
    this.#first ??= receive
    if (receive - this.#latest > this.#longestGap) this.#first += receive - this.#latest
    this.#latest = receive
    const wait = this.#began + (receive - this.#first) / 1e6 / this.#rate - performance.now()
    if (wait > 1) await pause(wait, undefined, { signal }).catch(() => undefined)
  }
}
