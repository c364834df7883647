import type { Header } from '../../middleware/messages.js'

const SECOND = 1_000_000_000
const DAY = 86_400 * SECOND

/**
 * The time of a source whose clock may be any, in whole ns since a second of its own choice: exact, whatever lies
 * between its clock and the run's epoch, and the same in the run and in a replay. A clock that leaps by over 104 days
 * has begun anew: its time then goes on a day further back.
 */
export class SourceTime {
  /** Absolute s that the number 0 stands for; undefined while stamps are near the run's epoch and count from that. */
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
