import { MILLISECOND, SECOND } from './stamp.js'

/**
 * Samples of one stream come out of order by at most this much (ns). A sample further behind the newest of its stream
 * is late, or time has jumped.
 */
export const DISORDER = 200 * MILLISECOND
/**
 * A jump is shown by at least ENOUGH samples with ascending stamps, over at least LONG (ns of bus time) and at least
 * GAPS times the usual gap between samples, in which no other sample has come.
 */
const ENOUGH = 3
const LONG = 30 * MILLISECOND
const GAPS = 1.5
/** A jump that is suspected explains samples of other streams for this long (ns of bus time). */
const OPEN = SECOND

/**
 * Distinguishes a jump back of time from late samples, for one stream. After a jump, all samples lie behind the newest
 * one with ascending stamps, and no sample continues the earlier sequence. Late samples, however many, come among newer
 * ones.
 */
export class StepBack {
  /** By how much time would have jumped back, ns. */
  back = 0
  #count = 0
  #first = 0
  #stamp = 0
  #receive = 0

  /**
   * Takes a sample that lies further behind the newest than `DISORDER`. True where it and those before it show a jump.
   * `line`: the stamp that would be expected without a jump. `gap`: ns of bus time between samples of the stream. A
   * stamp equal to the one before is of the same burst, so it continues the sequence but does not count.
   */
  take(stamp: number, receive: number, line: number, gap: number): boolean {
    if (this.#count === 0 || stamp < this.#stamp - DISORDER) {
      this.#count = 1
      this.#first = receive
      this.#stamp = stamp
    } else if (stamp > this.#stamp) {
      this.#count++
      this.#stamp = stamp
    }
    this.back = line - stamp
    this.#receive = receive
    return this.#count >= ENOUGH && receive - this.#first >= Math.max(LONG, GAPS * gap)
  }

  /**
   * Whether the suspected jump explains a sample of another stream: `stamp` is nearer to where it would be after the
   * jump than to `line`, the stamp expected of that stream without one.
   */
  explains(stamp: number, receive: number, line: number): boolean {
    return this.#count > 0 && receive - this.#receive <= OPEN && Math.abs(stamp - (line - this.back)) < this.back / 2
  }

  /** A sample of the stream came where it was expected. */
  clear(): void {
    this.#count = 0
  }
}
