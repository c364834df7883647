import { MILLISECOND, SECOND } from './stamp.js'

/**
 * A stamp may lie this far (ns) after its arrival although both clocks are the same, and this far further after it than
 * the other stamps of its stream.
 */
const AHEAD = 30 * MILLISECOND
/** A sample of a stream that is always late may be this much (ns) quicker than all others. */
const QUICKER = 150 * MILLISECOND
/** After so many samples the usual delay of a stream is known. */
const KNOWN = 10
/** The greatest lead is remembered for at least this long (ns of bus time), and for at most twice as long. */
const MEMORY = 10 * SECOND
/**
 * A second odd stamp within SOON (ns of bus time), whose lead differs by at most ALIKE (ns), confirms the first one.
 */
const SOON = SECOND
const ALIKE = 100 * MILLISECOND

/**
 * Finds odd stamps of one stream by their lead. The lead is how far a stamp lies after its arrival (ns); it is negative
 * for a stamp before the arrival. A stamp is odd where it leads by more than those of the last ten seconds. A second
 * one with a similar lead soon afterwards shows that the source's clock runs so, or has coarse steps. Such stamps are
 * then not odd any more, until none has come for ten seconds.
 */
export class StampLead {
  /** Number of samples judged so far. The caller counts them. */
  count = 0
  /**
   * A sample that comes by `until` with a lead of at most `greatest` is not odd. The caller need not ask `isOdd` then.
   */
  greatest = -Infinity
  until = -Infinity
  /** Bus time from which the greatest lead is remembered, and the greatest lead of the ten seconds before. */
  #since = -Infinity
  #before = -Infinity
  #odd = 0
  #oddAt = -Infinity

  /** Whether the next sample, with `stamp` at `receive`, has an odd stamp. */
  isOdd(stamp: number, receive: number): boolean {
    const lead = stamp - receive
    if (receive > this.until) this.#forget(receive)
    return lead > this.greatest && this.#isNewOdd(lead, receive)
  }

  /** Judges a lead that is greater than all recent ones. */
  #isNewOdd(lead: number, receive: number): boolean {
    const isOdd = lead > this.#limit
    const isConfirmed = isOdd && receive - this.#oddAt <= SOON && Math.abs(lead - this.#odd) <= ALIKE
    this.greatest = isConfirmed ? Math.max(lead, this.#odd) : isOdd ? this.greatest : lead
    if (isOdd) {
      this.#odd = lead
      this.#oddAt = receive
    }
    return isOdd && !isConfirmed
  }

  clear(): void {
    this.#forget(Infinity)
    this.#since = this.until = -Infinity
    this.#oddAt = -Infinity
  }

  get #limit(): number {
    const greatest = Math.max(this.greatest, this.#before)
    return Math.max(greatest + AHEAD, this.count < KNOWN ? AHEAD : Math.min(AHEAD, greatest + QUICKER))
  }

  #forget(receive: number): void {
    const isAll = receive - this.#since > 2 * MEMORY
    this.#before = isAll ? -Infinity : this.greatest
    if (isAll) this.count = 0
    this.greatest = -Infinity
    this.#since = receive
    this.until = receive + MEMORY
  }
}
