/** ns over which the shortest delay is looked for; the one before counts too. */
const WINDOW = 5_000_000_000

/**
 * How old the newest message of a source is. Its receipt alone does not tell: on a busy machine it lay somewhere meanwhile; its stamp alone does not either:
 * the source's clock may be another one. The shortest delay (receipt less stamp) of the last 5 to 10 s is taken for the clocks' difference and the usual
 * way; what a message took beyond it, it waited. Times in ns.
 */
export class PoseAge {
  /** Bus time at which it was made, at the latest. */
  #made = NaN
  #shortest = Infinity
  #shortestBefore = Infinity
  #since = NaN

  hear(stamp: number, receive: number): void {
    const delay = receive - stamp
    if (receive - this.#since < WINDOW && receive >= this.#since) {
      this.#shortest = Math.min(this.#shortest, delay)
    } else {
      this.#shortestBefore = receive - this.#since < 2 * WINDOW && receive >= this.#since ? this.#shortest : Infinity
      this.#shortest = delay
      this.#since = receive
    }
    this.#made = stamp + Math.min(this.#shortest, this.#shortestBefore)
  }

  /** Of the newest message at `now`, at least 0. */
  at(now: number): number {
    return Math.max(0, now - this.#made)
  }
}
