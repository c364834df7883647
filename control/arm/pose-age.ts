/** ns over which the shortest delay is looked for; the one before counts too. */
const WINDOW = 5_000_000_000
/** ns by which a stamp may be ahead of what was the shortest delay. */
const AHEAD = 50_000_000
/** Messages in a row that must be ahead before they are believed. */
const AHEAD_RUN = 3
/** ns of delay over the shortest that, kept steadily, is the source's clock that was set back, and no wait. */
const BEHIND = 1_000_000_000
/**
 * A steady delay: messages in a row, ns of receipt that they span at least, and ns by which their delays differ at
 * most. A burst of what has waited spans none.
 */
const STEADY = { run: 5, span: 100_000_000, spread: 50_000_000 } as const

/**
 * How old the newest message of a source is. Its receipt alone does not tell: on a busy machine it lay somewhere
 * meanwhile; its stamp alone does not either:
 * the source's clock may be another one. The shortest delay (receipt less stamp) of the last 5 to 10 s is taken for the
 * clocks' difference and the usual
 * way; what a message took beyond it, it waited. One odd stamp tells nothing of the clocks; several in a row do: the
 * source's clock was set. Times in ns.
 */
export class PoseAge {
  /** Bus time at which it was made, at the latest. */
  #made = NaN
  #shortest = Infinity
  #shortestBefore = Infinity
  #since = NaN
  /**
   * Those in a row that are far from the shortest delay: how many, received since when, and their shortest and longest
   * delay.
   */
  #run = 0
  #runSince = 0
  #runShortest = 0
  #runLongest = 0

  hear(stamp: number, receive: number): void {
    const delay = receive - stamp
    if (!(receive >= this.#since && receive - this.#since < 2 * WINDOW)) this.#restart(delay, receive)
    const beyond = delay - Math.min(this.#shortest, this.#shortestBefore)
    if (beyond < -AHEAD || beyond > BEHIND) {
      this.#count(delay, receive)
      const steady = this.#run >= STEADY.run && receive - this.#runSince >= STEADY.span
      if (beyond < 0 ? this.#run >= AHEAD_RUN : steady) this.#restart(this.#runShortest, receive)
      else if (beyond < 0) return
    } else {
      this.#run = 0
      if (receive - this.#since >= WINDOW) {
        this.#shortestBefore = this.#shortest
        this.#shortest = delay
        this.#since = receive
      } else {
        this.#shortest = Math.min(this.#shortest, delay)
      }
    }
    this.#made = stamp + Math.min(this.#shortest, this.#shortestBefore)
  }

  /** Of the newest message at `now`, at least 0. */
  at(now: number): number {
    return Math.max(0, now - this.#made)
  }

  #count(delay: number, receive: number): void {
    const shortest = Math.min(this.#runShortest, delay)
    const longest = Math.max(this.#runLongest, delay)
    if (this.#run > 0 && longest - shortest <= STEADY.spread) {
      this.#run++
      this.#runShortest = shortest
      this.#runLongest = longest
    } else {
      this.#run = 1
      this.#runSince = receive
      this.#runShortest = this.#runLongest = delay
    }
  }

  #restart(delay: number, receive: number): void {
    this.#shortest = delay
    this.#shortestBefore = Infinity
    this.#since = receive
    this.#run = 0
  }
}
