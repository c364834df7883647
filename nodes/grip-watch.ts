import type { GripperStatus } from '../drivers/gripper.js'

/**
 * m within which two widths count as the same: that of the fingers and the one asked for, or the one that was sent and
 * the one that the gripper repeats. The gripper has steps of 0.33 mm.
 */
const SAME_WIDTH = 0.001
/** Answers in a row that must say that the fingers stand still. The first one may still be of the motion before. */
const STILL_ANSWERS = 2

/**
 * Judges one motion of the fingers from the gripper's own answers. The motion has ended when the gripper repeats the
 * width that it was sent and says that the fingers are there or that something stopped them.
 */
export class GripWatch {
  /** The newest width, m. */
  width = NaN
  /** The fingers are where they were asked to be. */
  reached = false
  /** Something stopped the fingers on their way. */
  stalled = false
  ended = false
  readonly #asked: number
  readonly #sent: number
  #seen: GripperStatus | undefined
  #still = 0

  /** `asked`: the width that was asked for, m. `sent`: the width within the limits that was sent instead, m. */
  constructor(asked: number, sent: number) {
    this.#asked = asked
    this.#sent = sent
  }

  /** Takes a status. `since`: when the command had been written, monotonic ns; undefined: it has not been written. */
  update(status: GripperStatus | undefined, since: number | undefined): void {
    if (status === undefined || status === this.#seen || this.ended) return
    this.#seen = status
    this.width = status.width
    const ours =
      since !== undefined && status.stamp > since && Math.abs(status.requestedWidth - this.#sent) <= SAME_WIDTH
    this.reached = Math.abs(status.width - this.#asked) <= SAME_WIDTH
    this.stalled = ours && (status.object === 'closing' || status.object === 'opening')
    this.#still = ours && status.object !== 'moving' ? this.#still + 1 : 0
    this.ended = this.#still >= STILL_ANSWERS
  }
}
