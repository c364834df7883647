import type { DropReason } from '../counters.js'
import { FusionError } from '../errors.js'
import type { AlignerConfig } from '../stream.js'
import type { StreamBuffer } from '../stream-buffer.js'
import { isPoseType } from '../stream-types/stream-types.js'
import { CompensatedStream } from './compensated-stream.js'

/**
 * Told of the wrench that `stream` has taken last, which was accepted, or dropped for a reason. Returns whether it was
 * accepted.
 */
export type OnTaken = (stream: CompensatedStream, reason: DropReason | undefined) => boolean

/** The wrench streams of an aligner that are compensated. */
export class CompensatedStreams {
  readonly #all: readonly CompensatedStream[]
  readonly #onTaken: OnTaken

  /**
   * @param buffers those of the robot's streams, in their order. Throws FusionError `STREAM_UNKNOWN` where an orientation
   * is no pose stream of the robot.
   */
  constructor({ streams, maxWait }: AlignerConfig, buffers: readonly StreamBuffer[], onTaken: OnTaken) {
    this.#all = streams.flatMap(({ name, compensate }, index) => {
      if (compensate === undefined) return []
      const poses = buffers.find(({ stream }) => stream.name === compensate.orientation)
      if (poses === undefined || !isPoseType(poses.stream.type)) {
        throw new FusionError(
          'STREAM_UNKNOWN',
          `stream ${name}: its orientation ${compensate.orientation} is no stream of poses; name one`,
        )
      }
      return [new CompensatedStream(compensate, { index, buffer: buffers[index] as StreamBuffer, poses, maxWait })]
    })
    this.#onTaken = onTaken
  }

  /** The stream at this place. Undefined where it is not compensated. */
  at(stream: number): CompensatedStream | undefined {
    const all = this.#all
    for (let i = 0; i < all.length; i++) if (all[i]!.index === stream) return all[i]
    return undefined
  }

  /**
   * A vector has come for `buffer` at bus time `now` (ns). Takes the wrenches that need not wait any more. Returns
   * whether any was accepted.
   */
  settle(buffer: StreamBuffer, now: number): boolean {
    const all = this.#all
    let accepted = false
    for (let i = 0; i < all.length; i++) {
      const each = all[i]!
      if (each.buffer !== buffer && each.poses !== buffer) continue
      while (each.isReady(now)) accepted = this.#take(each) || accepted
    }
    return accepted
  }

  /** Takes the wrenches with stamps up to `until` (ns), with the poses that there are. */
  settleUntil(until: number): void {
    for (const each of this.#all) while (each.reaches(until)) this.#take(each)
  }

  /** Forgets the wrenches that wait. `onDropped` is told of each before: it is the oldest of `waiting` then. */
  clear(onDropped: (stream: CompensatedStream) => void): void {
    for (const each of this.#all) for (; each.waiting.size > 0; each.waiting.shift()) onDropped(each)
  }

  #take(each: CompensatedStream): boolean {
    return this.#onTaken(each, each.take())
  }
}
