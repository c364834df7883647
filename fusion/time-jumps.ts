import type { DropReason } from './counters.js'
import { SECOND } from './stamp.js'
import { DISORDER } from './step-back.js'
import type { StreamBuffer } from './stream-buffer.js'

/**
 * Samples of the other side of a jump are refused for at least this long after it (ns). A stream whose samples are all
 * of the other side for longer than this has jumped itself.
 */
const JUMP = SECOND

/** The latest jump of time: the stream that showed it, its stamp, and when. */
interface Jump {
  readonly buffer: StreamBuffer
  readonly stamp: number
  readonly receive: number
  /** 1: time went back, so samples of the other side lie ahead; -1: time went forward. */
  readonly ahead: 1 | -1
}

export interface TimeJumpsOptions {
  readonly buffers: readonly StreamBuffer[]
  /** See `AlignerOptions.otherClock`. */
  readonly otherClock: boolean
  /** Called for each jump, after the buffers were emptied. */
  readonly onJump: () => void
}

/**
 * Recognises jumps of time: a recording that is played again, or a source clock that is set. At a jump all buffers are
 * emptied and samples of the other side are refused, so no observation mixes samples from before and after it. Times in
 * ns.
 */
export class TimeJumps {
  readonly #buffers: readonly StreamBuffer[]
  readonly #otherClock: boolean
  readonly #onJump: () => void
  #jump: Jump | undefined
  /** The stream whose samples have begun to look as if time had jumped back. */
  #suspect: StreamBuffer | undefined

  constructor({ buffers, otherClock, onJump }: TimeJumpsOptions) {
    this.#buffers = buffers
    this.#otherClock = otherClock
    this.#onJump = onJump
  }

  /** Whether samples that are not behind must be judged too. */
  get watching(): boolean {
    return this.#jump !== undefined || this.#suspect !== undefined
  }

  /** A new episode: no stream is suspected of a jump any more. */
  reset(): void {
    this.#suspect = undefined
  }

  /** A sample of this stream came where it was expected. */
  clear(buffer: StreamBuffer): void {
    if (this.#suspect === buffer) this.#suspect = undefined
  }

  /**
   * Why a sample is refused: it belongs to the other side of a jump, or it is late. Undefined: it is accepted. Where
   * the sample shows a jump, the buffers are emptied first. `isBehind`: it lies further behind the newest sample of its
   * stream than samples come out of order.
   */
  refusal(buffer: StreamBuffer, stamp: number, receive: number, isBehind: boolean): DropReason | undefined {
    // Another stream seems to have jumped back. A sample that has stepped back in the same way waits for the answer
    // too: it must not enter a buffer with samples of the other side.
    if (!isBehind && this.#isOfSuspectedSide(buffer, stamp, receive)) return 'other_side'
    if (this.#jump !== undefined && this.#isOtherSide(buffer, stamp, receive, this.#jump)) {
      if (buffer.strayed === Infinity) buffer.strayed = receive
      if (receive - buffer.strayed <= JUMP) return 'other_side'
      this.#leap(buffer, stamp, receive, -this.#jump.ahead as 1 | -1)
    } else if (isBehind) {
      this.#suspect = buffer
      if (!buffer.stepBack.take(stamp, receive, this.#expected(buffer, buffer, receive), buffer.gap)) return 'late'
      this.#leap(buffer, stamp, receive, 1)
    }
    return undefined
  }

  /**
   * The stamp that a stream should have reached by now if its clock went on. For a stream that has been silent for a
   * while it is the expected stamp of `other`.
   */
  #expected(buffer: StreamBuffer, other: StreamBuffer, receive: number): number {
    const silent = receive - buffer.heard
    if (this.#otherClock) return silent > DISORDER ? other.newest : buffer.newest
    return silent > JUMP ? other.newest + (receive - other.heard) : buffer.newest + silent
  }

  /** Whether a sample has stepped back as the samples of the suspected stream have. */
  #isOfSuspectedSide(buffer: StreamBuffer, stamp: number, receive: number): boolean {
    const suspect = this.#suspect
    if (suspect === undefined || suspect === buffer || stamp > buffer.newest || buffer.clockKind === 'receive')
      return false
    return suspect.stepBack.explains(stamp, receive, this.#expected(buffer, suspect, receive))
  }

  /**
   * Whether a sample is left over from before the latest jump. All streams are judged for a second after the jump.
   * After that a stream is judged until its first sample of this side.
   */
  #isOtherSide(buffer: StreamBuffer, stamp: number, receive: number, jump: Jump): boolean {
    if (buffer.clockKind === 'receive') return false
    const elapsed = receive - jump.receive
    if (buffer.crossed && elapsed > JUMP) return false
    const passed = this.#otherClock ? Math.max(0, jump.buffer.newest - jump.stamp) : elapsed
    return (stamp - (buffer.border + passed)) * jump.ahead > 0
  }

  /** Time has jumped, as `buffer` has shown. All buffers are emptied. */
  #leap(buffer: StreamBuffer, stamp: number, receive: number, ahead: 1 | -1): void {
    const back = this.#expected(buffer, buffer, receive) - stamp
    // Each stream has a border of its own: streams are late by different times, which may be as long as the jump.
    for (const other of this.#buffers)
      other.border = ahead < 0 ? stamp - JUMP : this.#expected(other, buffer, receive) - back + Math.min(JUMP, back / 2)
    for (const other of this.#buffers) other.jump({ isShownBy: other === buffer })
    this.#suspect = undefined
    this.#jump = { buffer, stamp, receive, ahead }
    this.#onJump()
  }
}
