/** A state of an actuator is fresh up to this age (ns). */
export const FRESH = 100_000_000
/** The shortest delay is taken over the present span of this length (ns) and the one before it. */
const WINDOW = 5_000_000_000
/** A stamp may lead the shortest delay by this much (ns). */
const AHEAD = 50_000_000
/** So many messages in a row must lead before they are believed. */
const AHEAD_RUN = 3
/**
 * A steady delay that exceeds the shortest by this much (ns) shows that the source's clock was set back. The messages
 * have not waited.
 */
const BEHIND = 1_000_000_000
/**
 * A delay is steady over at least `run` messages in a row, received over at least `span` ns, whose delays differ by at
 * most `spread` ns. Messages that have waited arrive in a burst, which spans no time.
 */
const STEADY = { run: 5, span: 100_000_000, spread: 50_000_000 } as const

/**
 * Tells the age of the newest message of a source. The receive time alone does not tell it, since on a busy machine a
 * message may wait before it is received. The stamp alone does not tell it, since the source may have another clock.
 * The shortest delay (receive time minus stamp) of the last 5 to 10 s is taken as the difference of the clocks plus the
 * usual delay. A longer delay is time that the message waited. One odd stamp says nothing about the clocks; several in
 * a row show that the source's clock was set. Times in ns.
 */
export class PoseAge {
  /** The latest bus time at which the newest message can have been made. */
  #made = NaN
  #shortest = Infinity
  #shortestBefore = Infinity
  #since = NaN
  /**
   * The current run of messages that are far from the shortest delay: how many, since when, and their shortest and
   * longest delay.
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

  /** The age of the newest message at `now`, at least 0. */
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
