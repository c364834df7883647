import { strategyOf } from './align/registry.js'
import { FrameTrack, VectorTrack } from './align/track.js'
import { MISSING, type Aligned, type Buffers, type Strategy, type StrategyDeclaration } from './align/strategy.js'
import { ClockModel } from './clock-model.js'
import { noDrops, type DropReason, type StreamCounters } from './counters.js'
import { FusionError } from './errors.js'
import type { Frame } from './frame.js'
import { FrameRing } from './frame-ring.js'
import { Lead } from './lead.js'
import { frameFault, picture } from './picture.js'
import { DUPLICATE, FULL, INSERTED, TOO_OLD, type Placed } from './ring.js'
import { clockOf } from './reference.js'
import { isPoseType, kindOf, valueNames } from './stream-types/registry.js'
import type { Kind } from './stream-types/stream-type.js'
import { hasRotation } from './rotation.js'
import { MILLISECOND, SECOND } from './stamp.js'
import type { Stream } from './stream.js'
import { StepBack } from './step-back.js'
import { Tare } from './tare.js'
import { VectorRing } from './vector-ring.js'
import { VoiceQueue } from './voice-queue.js'

/** Vectors of one stream: `stamps` f64[n] ascending, `values` f64[n * width], row-major. */
export interface Samples {
  readonly stamps: Float64Array
  readonly values: Float64Array
}

/** ns behind its stream's newest sample beyond which a vector is late, at least. */
const LATENESS = 600 * MILLISECOND
/**
 * ns that a vector buffer reaches back beyond what alignment needs, for reference streams that arrive later than the
 * vectors.
 */
const RESERVE = 2 * SECOND
/** What the latest gap counts in the average. */
const GAP_SHARE = 1 / 8

/** What strategies may read of each kind of samples, and what they are called for those that do not have it. */
const BUFFERS: Readonly<Record<Kind, readonly (keyof Buffers)[]>> = {
  frame: ['track'],
  vector: ['track', 'ring'],
  event: ['queue'],
}
const SAMPLES: Readonly<Record<keyof Buffers, string>> = {
  track: 'frames or vectors',
  ring: 'vectors',
  queue: 'events',
}

/** One stream inside the aligner: its buffer, its strategy, its tare and what is known of its time. */
export class Lane {
  readonly stream: Stream
  readonly kind: Kind
  readonly counters: StreamCounters = { accepted: 0, reordered: 0, present: 0, dropped: noDrops() }
  readonly clockKind: 'header' | 'receive'
  readonly clock: ClockModel | undefined
  /** Its stamps are judged by those around them: not an event's, which may be recognised long after it was said. */
  readonly isJudged: boolean
  /** Newest stamp on this side of the latest time jump; -Infinity before the first. */
  newest = -Infinity
  /** Receive time of the newest stamp, and ns between such times, on average; each pause counts as a second at most. */
  heard = -Infinity
  gap = 0
  /**
   * Receive time of the latest accepted sample whose stamp had not stood still; -Infinity while the stream has not
   * spoken.
   */
  spoke = -Infinity
  /** The stream has been heard on this side of the latest time jump. */
  crossed = true
  /** The stamp, at the latest time jump, that parts its two sides; it goes on with time. */
  border = 0
  readonly lead = new Lead()
  readonly stepBack = new StepBack()
  /** Receive time since when only the other side has been heard; Infinity when not so. */
  strayed = Infinity

  #ring: VectorRing | undefined
  #frames: FrameRing | undefined
  #queue: VoiceQueue | undefined
  readonly #declared: StrategyDeclaration
  #strategy: Strategy | undefined
  #tare: Tare | undefined
  #scratch = new Float64Array(0)
  readonly #isPose: boolean
  readonly #lateness: number

  /** @param patience ns that a tick may wait. Throws FusionError `STRATEGY_TYPE`. */
  constructor(stream: Stream, patience: number) {
    this.stream = stream
    this.kind = kindOf(stream.type)
    this.#isPose = isPoseType(stream.type)
    this.clockKind = clockOf(stream)
    this.isJudged = this.clockKind === 'header' && this.kind !== 'event'
    this.clock = stream.clock === 'estimate' && stream.timeline === 'header' ? new ClockModel() : undefined
    const { align } = stream
    const declared = (this.#declared = strategyOf(align))
    if (!BUFFERS[this.kind].includes(declared.reads)) {
      throw new FusionError(
        'STRATEGY_TYPE',
        `stream ${stream.name}: align ${align.strategy} takes ${SAMPLES[declared.reads]}, ` +
          `which ${stream.type} is not; choose another strategy`,
      )
    }
    const reach = declared.reach(align)
    this.#lateness = Math.max(LATENESS, reach + patience + 200 * MILLISECOND)
    const width = valueNames(stream)?.length
    if (this.kind === 'frame') {
      this.#frames = new FrameRing(reach + patience)
      this.#strategy = this.#make({ track: new FrameTrack(this.#frames) })
    } else if (this.kind === 'event') {
      this.#queue = new VoiceQueue(declared.events?.(align) ?? 1)
      this.#strategy = this.#make({ queue: this.#queue })
    } else if (width !== undefined) this.#prepare(width)
  }

  get rebuilds(): number {
    return this.#strategy?.rebuilds ?? 0
  }

  /** Takes note of the stamp of a sample that is where it should be. */
  advance(stamp: number, receive: number): void {
    this.stepBack.clear()
    this.strayed = Infinity
    this.crossed = true
    if (stamp > this.newest) this.#goOn(stamp, receive)
  }

  #goOn(stamp: number, receive: number): void {
    const gap = Math.min(receive - this.heard, SECOND)
    if (this.newest > -Infinity) this.gap += (gap - this.gap) * (this.gap === 0 ? 1 : GAP_SHARE)
    this.newest = stamp
    this.heard = receive
  }

  /**
   * Whether a tick that arrived at `arrival` waits for this stream's later samples. One that has not spoken yet is
   * silent since `began`.
   */
  awaited(arrival: number, maxSilence: number, began: number): boolean {
    if (this.kind === 'event' || (this.stream.tare > 0 && this.#tare?.known !== true)) return false
    return Math.max(this.spoke, began) >= arrival - maxSilence
  }

  brackets(tick: number): boolean {
    return this.#strategy?.brackets(tick) ?? !this.#declared.waits
  }

  value(tick: number): Aligned {
    return this.#strategy === undefined || this.#tare?.known === false ? MISSING : this.#strategy.value(tick)
  }

  /** The vectors in the buffer with stamps in (after, until], oldest first, tared. */
  samples(after: number, until: number): Samples {
    const ring = this.#ring
    if (ring === undefined || this.#tare?.known !== true)
      return { stamps: new Float64Array(0), values: new Float64Array(0) }
    const first = ring.after(after)
    const count = Math.max(0, ring.after(until) - first)
    const stamps = new Float64Array(count)
    const values = new Float64Array(count * ring.width)
    for (let i = 0; i < count; i++) {
      stamps[i] = ring.stampAt(first + i)
      ring.copyAt(first + i, values.subarray(i * ring.width, (i + 1) * ring.width))
    }
    return { stamps, values }
  }

  vectorFault(values: ArrayLike<number>): DropReason | undefined {
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return 'nan'
    if (values.length === 0) return 'bad_size'
    if (this.#ring !== undefined && values.length !== this.#ring.width) return 'bad_size'
    return this.#isPose && !hasRotation(values) ? 'bad_rotation' : undefined
  }

  frameFault(frame: Frame): DropReason | undefined {
    return frameFault(frame, this.stream)
  }

  /** Samples that had been counted as duplicates and were taken by the latest `vector`, as samples of a burst. */
  get restored(): number {
    return this.#ring?.restored ?? 0
  }

  /** Takes a vector without a fault; the reason when it is not taken. */
  vector(stamp: number, values: ArrayLike<number>): DropReason | undefined {
    if (this.#ring === undefined) this.#prepare(values.length)
    const ring = this.#ring as VectorRing
    const tare = this.#tare as Tare
    ring.restored = 0
    if (tare.covers(stamp)) {
      if (tare.known) return 'tare'
      return ring.insert(stamp, values) === DUPLICATE ? 'duplicate' : 'tare'
    }
    if (!tare.known) {
      tare.settle(ring)
      this.#empty()
    }
    if (stamp < ring.newest - this.#lateness) return 'late'
    const scratch = this.#scratch
    for (let i = 0; i < scratch.length; i++) scratch[i] = (values[i] as number) - (tare.bias[i] as number)
    return this.#placed(ring.insert(stamp, scratch), stamp)
  }

  /** Takes a frame without a fault; the reason when it is not taken. */
  frame(stamp: number, frame: Frame): DropReason | undefined {
    return this.#placed((this.#frames as FrameRing).insert(stamp, picture(frame, this.stream)), stamp)
  }

  event(stamp: number, text: string, confidence: number): DropReason | undefined {
    return (this.#queue as VoiceQueue).push(stamp, text, confidence) ? undefined : 'duplicate'
  }

  /**
   * Empties the buffer. A tare under way begins anew; a finished one stands, unless `tare` is to begin anew as well.
   */
  flush(options: { readonly tare: boolean }): void {
    this.#empty()
    this.#ring?.forget()
    if (this.#tare === undefined || (this.#tare.known && !options.tare)) return
    this.#tare.restart()
    if (!this.#tare.known) this.spoke = -Infinity
  }

  #empty(): void {
    this.#ring?.clear()
    this.#frames?.clear()
    this.#queue?.clear()
    this.#strategy?.clear()
  }

  #prepare(width: number): void {
    const { stream } = this
    const ring = new VectorRing(width, this.#lateness + Math.max(RESERVE, stream.tare))
    this.#ring = ring
    this.#tare = new Tare(width, stream.tare)
    this.#scratch = new Float64Array(width)
    this.#strategy = this.#make({ ring, track: new VectorTrack(ring, this.#isPose) })
  }

  #make(buffers: Partial<Buffers>): Strategy {
    const declared = this.#declared
    return declared.make(buffers[declared.reads] as Buffers[keyof Buffers], this.stream.align)
  }

  #placed(placed: Placed, stamp: number): DropReason | undefined {
    if (placed === DUPLICATE) return 'duplicate'
    if (placed === TOO_OLD) return 'late'
    if (placed === FULL) return 'overload'
    if (placed === INSERTED) {
      this.counters.reordered++
      this.#strategy?.disturb(stamp)
    }
    return undefined
  }
}
