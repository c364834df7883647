import { MILLISECOND, SECOND } from './stamp.js'

/**
 * ns by which samples of one stream come out of order, at most. One further behind its stream's newest is late, or time
 * has jumped.
 */
export const DISORDER = 200 * MILLISECOND
/**
 * Samples, each later than those before, that show a jump; and ns of bus time, or gaps between samples of the stream,
 * in which nothing else has come.
 */
const ENOUGH = 3
const LONG = 30 * MILLISECOND
const GAPS = 1.5
/** ns of bus time for which a jump that is not shown yet explains samples of other streams. */
const OPEN = SECOND

/**
 * Tells a jump back of time from late samples, for one stream: after a jump the line of stamps that was has ended.
 * Samples lie behind the newest, later and later, and none goes on from it for longer than its next one would take.
 * Late samples among newer ones, however many, are none.
 */
export class StepBack {
  /** ns by which time would have jumped back. */
  back = 0
  #count = 0
  #first = 0
  #stamp = 0
  #receive = 0

  /**
   * Takes a sample that lies further behind the newest than `DISORDER`; true where it and those before it show a jump.
   * `line`: the stamp that would be expected without one; `gap`: ns of bus time between the stream's samples. A stamp
   * that equals the one before goes on but does not count: it is of the same burst.
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
   * Whether `stamp` of a stream whose `line` this is is nearer to where it would be after a jump that `take` has begun
   * to see.
   */
  explains(stamp: number, receive: number, line: number): boolean {
    return this.#count > 0 && receive - this.#receive <= OPEN && Math.abs(stamp - (line - this.back)) < this.back / 2
  }

  /** A sample of the stream was where it should be. */
  clear(): void {
    this.#count = 0
  }
}
