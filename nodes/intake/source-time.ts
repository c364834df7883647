import type { Header } from '../../middleware/messages.js'

const SECOND = 1_000_000_000
const DAY = 86_400 * SECOND

/**
 * The time of a source with any clock, in whole ns since a zero that this class chooses. The time is exact, however far
 * the clock is from the run's epoch, and it is the same in a run and in its replay. A clock that jumps by more than 104
 * days counts as a new one: its time then goes on one day further back.
 */
export class SourceTime {
  /** Absolute seconds at the zero; undefined while stamps are near the run's epoch and count from there. */
  #zero: number | undefined
  #anew = 0

  of({ stamp, far }: Header): number {
    if (far === undefined) return stamp
    this.#zero ??= far.sec
    const time = (far.sec - this.#zero) * SECOND + far.nanosec
    if (Number.isSafeInteger(time)) return time - this.#anew * DAY
    this.#zero = far.sec
    this.#anew++
    return far.nanosec - this.#anew * DAY
  }
}
