import type { DropReason } from '../counters.js'
import type { StreamBuffer } from '../stream-buffer.js'
import type { VectorRing } from '../vector-ring.js'
import type { Compensation } from './compensation.js'
import { OrientedWrench } from './oriented-wrench.js'
import { WaitingWrenches } from './waiting-wrenches.js'

export interface CompensatedStreamOptions {
  /** The place of the wrench's stream among the streams. */
  readonly index: number
  readonly buffer: StreamBuffer
  readonly poses: StreamBuffer
  /** ns that a wrench waits for the pose after it, at most. */
  readonly maxWait: number
}

/**
 * A wrench stream of the aligner whose samples are compensated. Each sample waits for the pose after it, so that its
 * orientation is interpolated and does not depend on which of the two topics is the faster one. It waits no longer than a
 * tick does.
 */
export class CompensatedStream {
  readonly index: number
  readonly buffer: StreamBuffer
  readonly poses: StreamBuffer
  readonly waiting = new WaitingWrenches()
  /** Of the sample that was taken last: the stamp of its admission, its stamp as it was pushed, its receive time. */
  readonly taken = { stamp: 0.5, written: 0.5, receive: 0.5 }
  readonly #oriented: OrientedWrench
  readonly #maxWait: number
  readonly #values = new Float64Array(6)

  constructor(compensation: Compensation, { index, buffer, poses, maxWait }: CompensatedStreamOptions) {
    this.index = index
    this.buffer = buffer
    this.poses = poses
    this.#maxWait = maxWait
    // A pose has seven values whatever its messages hold, so its ring is there from the start.
    this.#oriented = new OrientedWrench(compensation, poses.ring as VectorRing)
  }

  /** Whether the pose after the oldest sample that waits is there, or the sample has waited for `maxWait` at `now`. */
  isReady(now: number): boolean {
    const { waiting } = this
    return waiting.size > 0 && (waiting.stamp <= this.#oriented.newest || now - waiting.receive >= this.#maxWait)
  }

  /** Whether the oldest sample that waits has a stamp at or before `until` (ns). */
  reaches(until: number): boolean {
    return this.waiting.size > 0 && this.waiting.stamp <= until
  }

  /** Takes the oldest sample that waits into the buffer. Returns the reason where it is dropped. */
  take(): DropReason | undefined {
    const { waiting } = this
    const { stamp } = waiting
    this.taken.stamp = stamp
    this.taken.written = waiting.written
    this.taken.receive = waiting.receive
    const isKnown = this.#oriented.apply(stamp, waiting.values, this.#values)
    waiting.shift()
    if (isKnown) return this.buffer.vector(stamp, this.#values)
    const { ring } = this.buffer
    // This sample has put no duplicates back.
    if (ring) ring.restored = 0
    return 'no_orientation'
  }
}
