import { MILLISECOND, SECOND } from './stamp.js'

/**
 * ns by which a stamp may lie after its arrival although the clocks are one; and by which it may lie further after it
 * than its stream's others do.
 */
const AHEAD = 30 * MILLISECOND
/** ns by which a sample may be quicker than all others of a stream that is always late. */
const QUICKER = 150 * MILLISECOND
/** Samples of a stream after which it is known how late it is. */
const KNOWN = 10
/** ns of bus time for which what a stream's stamps do is remembered, at least; twice that at most. */
const MEMORY = 10 * SECOND
/**
 * ns of bus time within which a second odd stamp shows how the source's clock is, and by how much the two may differ.
 */
const SOON = SECOND
const ALIKE = 100 * MILLISECOND

/**
 * Tells odd stamps of one stream by their lead: ns by which a stamp lies after its arrival, negative for one before it.
 * It is odd where it lies further ahead than those of the last ten seconds. A second one like it, soon after, shows
 * that the source's clock is so, or steps coarsely: from there on it is not odd, until nothing like it has come for ten
 * seconds.
 */
export class Lead {
  /** Samples that were judged, to be counted by who asks. */
  count = 0
  /** A sample whose lead is no greater, and that comes no later than `until`, is not odd: `isOdd` need not be asked. */
  greatest = -Infinity
  until = -Infinity
  /** Bus time since when the greatest lead is remembered, and that of the ten seconds before. */
  #since = -Infinity
  #before = -Infinity
  #odd = 0
  #oddAt = -Infinity

  /** Judges the next sample, of `stamp`, at `receive`. */
  isOdd(stamp: number, receive: number): boolean {
    const lead = stamp - receive
    if (receive > this.until) this.#forget(receive)
    return lead > this.greatest && this.#isNewOdd(lead, receive)
  }

  /** Judges a lead that is the greatest of late. */
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
