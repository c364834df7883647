import { strategyOf } from './align/strategies.js'
import { FrameTrack, VectorTrack } from './align/track.js'
import { MISSING, type Aligned, type Buffers, type Strategy, type StrategyDeclaration } from './align/strategy.js'
import { ClockModel } from './clock-model.js'
import { noDrops, type DropReason, type StreamCounters } from './counters.js'
import { FusionError } from './errors.js'
import type { Frame } from './camera-frame.js'
import { FrameRing } from './frame-ring.js'
import { StampLead } from './stamp-lead.js'
import { frameFault, picture } from './picture.js'
import { DUPLICATE, FULL, INSERTED, TOO_OLD, type Placed } from './ring.js'
import { clockOf } from './stream-clock.js'
import { isPoseType, kindOf, valueNames } from './stream-types/stream-types.js'
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

/**
 * A vector is late where it lies further than this (ns) behind the newest of its stream. The limit is larger where the
 * strategy needs older samples.
 */
const LATENESS = 600 * MILLISECOND
/**
 * A vector buffer holds samples for this much longer (ns) than alignment needs. Reference streams may arrive later than
 * the vectors.
 */
const RESERVE = 2 * SECOND
/** Weight of the latest gap in the running average. */
const GAP_SHARE = 1 / 8

/** The buffers that each kind of stream has, and what each buffer holds, for messages. */
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

/**
 * One stream inside the aligner: its samples, its strategy, its tare, and what is known of its clock. Each sequence of
 * ticks is a reader with a strategy of its own over the same samples, since strategies go on from tick to tick. So no
 * sequence changes what another one reads.
 */
export class StreamBuffer {
  readonly stream: Stream
  readonly kind: Kind
  readonly counters: StreamCounters = { accepted: 0, reordered: 0, present: 0, dropped: noDrops() }
  readonly clockKind: 'header' | 'receive'
  readonly clock: ClockModel | undefined
  /**
   * Whether a stamp is compared with those around it. Events are not, since speech may be recognised long after it was
   * said.
   */
  readonly isJudged: boolean
  /** Newest stamp since the latest jump of time; -Infinity before the first. */
  newest = -Infinity
  /** Receive time of the newest stamp, and the average ns between such times. A pause counts as one second at most. */
  heard = -Infinity
  gap = 0
  /** Receive time of the latest accepted sample with a new stamp; -Infinity while there is none. */
  spoke = -Infinity
  /** Whether a sample has come from this side of the latest jump of time. */
  crossed = true
  /**
   * Between the old time and the new one of the latest jump: stamps on one side of it are old, on the other side new. It
   * moves on as time passes since the jump.
   */
  border = 0
  readonly lead = new StampLead()
  readonly stepBack = new StepBack()
  /** Receive time since which all samples were of the other side; Infinity where the latest one was not. */
  strayed = Infinity

  #ring: VectorRing | undefined
  #frames: FrameRing | undefined
  /** One for each reader, which forgets the events that it does not need any more. */
  readonly #queues: VoiceQueue[] = []
  readonly #declared: StrategyDeclaration
  readonly #readers: number
  /** One for each reader; none before the first sample of a stream of unknown width. */
  #strategies: readonly Strategy[] = []
  #tare: Tare | undefined
  #scratch = new Float64Array(0)
  readonly #isPose: boolean
  readonly #lateness: number

  /**
   * @param patience ns that a tick may wait.
   * @param readers number of sequences of ticks that read the stream. Throws FusionError `STRATEGY_TYPE`.
   */
  constructor(stream: Stream, patience: number, readers = 1) {
    this.stream = stream
    this.#readers = readers
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
      const frames = (this.#frames = new FrameRing(reach + patience))
      this.#make(() => ({ track: new FrameTrack(frames) }))
    } else if (this.kind === 'event') {
      this.#make(() => {
        const queue = new VoiceQueue(declared.events?.(align) ?? 1)
        this.#queues.push(queue)
        return { queue }
      })
    } else if (width !== undefined) this.#prepare(width)
  }

  get rebuilds(): number {
    return this.#strategies.reduce((sum, { rebuilds }) => sum + rebuilds, 0)
  }

  /** The vectors in the buffer. Undefined for other kinds, and before the first one of a stream of unknown width. */
  get ring(): VectorRing | undefined {
    return this.#ring
  }

  /** A sample with this stamp came where it was expected. */
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
   * Whether a tick that arrived at `arrival` waits for later samples of this stream. A stream that has not sent
   * anything counts as silent since `began`.
   */
  awaited(arrival: number, maxSilence: number, began: number): boolean {
    if (this.kind === 'event' || (this.stream.tare > 0 && this.#tare?.known !== true)) return false
    return Math.max(this.spoke, began) >= arrival - maxSilence
  }

  /** Whether no later sample could change what `reader` gets at `tick`. */
  brackets(tick: number, reader: number): boolean {
    return this.#strategies[reader]?.brackets(tick) ?? !this.#declared.waits
  }

  /** What `reader` gets at `tick`. */
  value(tick: number, reader: number): Aligned {
    const strategy = this.#strategies[reader]
    return strategy === undefined || this.#tare?.known === false ? MISSING : strategy.value(tick)
  }

  /** The vectors in the buffer with stamps in (after, until], the oldest first, without the tare. */
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

  /**
   * Number of samples that were counted as duplicates and that the latest `vector` has accepted as samples of a burst.
   */
  get restored(): number {
    return this.#ring?.restored ?? 0
  }

  /** Adds a vector without a fault. Returns the reason where it is dropped. */
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

  /** Adds a frame without a fault. Returns the reason where it is dropped. */
  frame(stamp: number, frame: Frame): DropReason | undefined {
    return this.#placed((this.#frames as FrameRing).insert(stamp, picture(frame, this.stream)), stamp)
  }

  event(stamp: number, text: string, confidence: number): DropReason | undefined {
    let isNew = false
    for (const queue of this.#queues) isNew = queue.push(stamp, text, confidence) || isNew
    return isNew ? undefined : 'duplicate'
  }

  /** An episode begins: buffer, tare and what is known of the order of stamps begin anew. */
  reset(): void {
    this.#flush({ tare: true })
    this.stepBack.clear()
    this.lead.clear()
  }

  /** Time has jumped. `isShownBy`: a sample of this stream has shown the jump. */
  jump({ isShownBy }: { readonly isShownBy: boolean }): void {
    this.#flush({ tare: false })
    this.newest = -Infinity
    this.heard = -Infinity
    this.crossed = isShownBy
    this.strayed = Infinity
    this.stepBack.clear()
    this.lead.clear()
  }

  /** Empties the buffer. A tare under way begins anew. One that is known is kept, unless `tare` is set. */
  #flush(options: { readonly tare: boolean }): void {
    this.#empty()
    this.#ring?.forget()
    if (this.#tare === undefined || (this.#tare.known && !options.tare)) return
    this.#tare.restart()
    if (!this.#tare.known) this.spoke = -Infinity
  }

  #empty(): void {
    this.#ring?.clear()
    this.#frames?.clear()
    for (const queue of this.#queues) queue.clear()
    for (const strategy of this.#strategies) strategy.clear()
  }

  #prepare(width: number): void {
    const { stream } = this
    const ring = new VectorRing(width, this.#lateness + Math.max(RESERVE, stream.tare))
    this.#ring = ring
    this.#tare = new Tare(width, stream.tare)
    this.#scratch = new Float64Array(width)
    this.#make(() => ({ ring, track: new VectorTrack(ring, this.#isPose) }))
  }

  /** Makes the strategy of each reader. `buffersOf` makes what it reads. */
  #make(buffersOf: () => Partial<Buffers>): void {
    const declared = this.#declared
    this.#strategies = Array.from({ length: this.#readers }, () =>
      declared.make(buffersOf()[declared.reads] as Buffers[keyof Buffers], this.stream.align),
    )
  }

  #placed(placed: Placed, stamp: number): DropReason | undefined {
    if (placed === DUPLICATE) return 'duplicate'
    if (placed === TOO_OLD) return 'late'
    if (placed === FULL) return 'overload'
    if (placed === INSERTED) {
      this.counters.reordered++
      for (const strategy of this.#strategies) strategy.disturb(stamp)
    }
    return undefined
  }
}
