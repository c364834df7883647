import { MILLISECOND, SECOND } from './stamp.js'

/** ns by which a stamp may lie after its arrival although the clocks are one; and by which it may lie further after it than its stream's others do. */
const AHEAD = 30 * MILLISECOND
/** ns by which a sample may be quicker than all others of a stream that is always late. */
const QUICKER = 150 * MILLISECOND
/** Samples of a stream after which it is known how late it is. */
const KNOWN = 10
/** ns of bus time for which what a stream's stamps do is remembered, at least; twice that at most. */
const MEMORY = 10 * SECOND
/** ns of bus time within which a second odd stamp shows how the source's clock is, and by how much the two may differ. */
const SOON = SECOND
const ALIKE = 100 * MILLISECOND

/**
 * Tells odd stamps of one stream by their lead: ns by which a stamp lies after its arrival, negative for one before it. It is odd where it lies further ahead
 * than those of the last ten seconds. A second one like it, soon after, shows that the source's clock is so, or steps coarsely: from there on it is not odd,
 * until nothing like it has come for ten seconds.
 */
export class Lead {
  #count = 0
  /** Bus time since when, and the greatest lead since then, and that of the ten seconds before. */
  #since = -Infinity
  #now = -Infinity
  #before = -Infinity
  #odd = 0
  #oddAt = -Infinity

  /** Judges the next sample's lead. */
  isOdd(lead: number, receive: number): boolean {
    if (receive - this.#since > MEMORY) this.#forget(receive)
    this.#count++
    return lead > this.#now && this.#isNewOdd(lead, receive)
  }

  /** Judges a lead that is the greatest of late. */
  #isNewOdd(lead: number, receive: number): boolean {
    const isOdd = lead > this.#limit
    const isConfirmed = isOdd && receive - this.#oddAt <= SOON && Math.abs(lead - this.#odd) <= ALIKE
    this.#now = isConfirmed ? Math.max(lead, this.#odd) : isOdd ? this.#now : lead
    if (isOdd) {
      this.#odd = lead
      this.#oddAt = receive
    }
    return isOdd && !isConfirmed
  }

  clear(): void {
    this.#forget(Infinity)
    this.#since = -Infinity
    this.#oddAt = -Infinity
  }

  get #limit(): number {
    const greatest = Math.max(this.#now, this.#before)
    return Math.max(greatest + AHEAD, this.#count < KNOWN ? AHEAD : Math.min(AHEAD, greatest + QUICKER))
  }

  #forget(receive: number): void {
    const isAll = receive - this.#since > 2 * MEMORY
    this.#before = isAll ? -Infinity : this.#now
    if (isAll) this.#count = 0
    this.#now = -Infinity
    this.#since = receive
  }
}
