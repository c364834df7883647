import { MILLISECOND } from './stamp.js'

/** ns by which samples of one stream come out of order, at most. One further behind its stream's newest is late, or time has jumped. */
export const DISORDER = 200 * MILLISECOND
/** ns by which the stamps of two samples of a stream lie further apart, or closer, than their arrivals. */
const JITTER = 100 * MILLISECOND
/** Samples in a row, or two over so many ns, that show a jump. */
const ENOUGH = 3
const LONG = 30 * MILLISECOND

/**
 * Tells a jump back of time from single late samples, for one stream: after a jump sample after sample lies behind the newest, each later than the one
 * before and as far from it as their arrivals. One odd sample is none.
 */
export class StepBack {
  #count = 0
  #first = 0
  #stamp = 0
  #receive = 0

  /** Takes a sample that lies further behind the newest than `DISORDER`; true where it and those before it show a jump. */
  take(stamp: number, receive: number): boolean {
    const goesOn = this.#count > 0 && stamp > this.#stamp && Math.abs(stamp - this.#stamp - (receive - this.#receive)) <= JITTER
    if (!goesOn) {
      this.#count = 0
      this.#first = receive
    }
    this.#count++
    this.#stamp = stamp
    this.#receive = receive
    return this.#count >= ENOUGH || (this.#count === 2 && receive - this.#first >= LONG)
  }

  /** Whether `stamp` of any stream is nearer to where time would be after a jump that `take` has begun to see than to where it is without one. */
  explains(stamp: number, receive: number, newest: number): boolean {
    const elapsed = receive - this.#receive
    return this.#count > 0 && elapsed <= JITTER && Math.abs(stamp - (this.#stamp + elapsed)) < (newest - this.#stamp) / 2
  }

  /** A sample of the stream was where it should be. */
  clear(): void {
    this.#count = 0
  }
}
