import type { GripperStatus } from '../drivers/gripper.js'

/**
 * m within which the fingers are at a width, and a gripper's echo of it is the one that was sent: a byte's steps are
 * 0.33 mm.
 */
const NEAR = 0.001
/** Answers in a row that say that the fingers stand: the first one may still be of the motion before. */
const ANSWERS = 2

/**
 * Judges one motion of the fingers from the gripper's own answers: ended once it says, of the width that it was told to
 * go to, that they are there or that something stopped them.
 */
export class GripWatch {
  /** m. */
  width = NaN
  /** The fingers are where they were asked to be. */
  reached = false
  /** Something stopped the fingers on their way. */
  stalled = false
  ended = false
  readonly #asked: number
  readonly #sent: number
  #seen: GripperStatus | undefined
  #standing = 0

  /** m: the width that was asked for, and the one within the limits that was sent instead. */
  constructor(asked: number, sent: number) {
    this.#asked = asked
    this.#sent = sent
  }

  /** `since`: the monotonic ns at which the command had been written; undefined: not yet. */
  look(status: GripperStatus | undefined, since: number | undefined): void {
    if (status === undefined || status === this.#seen || this.ended) return
    this.#seen = status
    this.width = status.width
    const ours = since !== undefined && status.stamp > since && Math.abs(status.requestedWidth - this.#sent) <= NEAR
    this.reached = Math.abs(status.width - this.#asked) <= NEAR
    this.stalled = ours && (status.object === 'closing' || status.object === 'opening')
    this.#standing = ours && status.object !== 'moving' ? this.#standing + 1 : 0
    this.ended = this.#standing >= ANSWERS
  }
}
