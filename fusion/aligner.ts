import { noDrops, type Counters, type DropReason } from './counters.js'
import { FusionError } from './errors.js'
import { Lane, type Samples } from './lane.js'
import { MODALITIES, type Mask, type Observation, type Quality, type StreamValue } from './observation.js'
import type { Frame } from './frame.js'
import type { AlignerConfig } from './stream.js'
import type { Kind } from './stream-types/stream-type.js'
import { SECOND } from './stamp.js'
import { DISORDER } from './step-back.js'
import { Metronome, TickQueue } from './ticks.js'

/**
 * ns by which a stamp may lie after its arrival; of another clock, after the newest of the ticking stream while that
 * speaks.
 */
const MAX_FUTURE = SECOND
const MAX_FUTURE_APART = 10 * SECOND
/**
 * ns after a jump in which leftovers of the other side may come; a stream that has shown nothing else for so long has
 * jumped back.
 */
const JUMP = SECOND

/**
 * The latest jump: which stream showed it, with which stamp and when, and on which side of it samples are no longer
 * believed.
 */
interface Jump {
  readonly lane: Lane
  readonly stamp: number
  readonly receive: number
  /** 1: time went back, the other side lies ahead; -1: it went forward. */
  readonly ahead: 1 | -1
}

export interface AlignerOptions {
  /**
   * The stamps in use are of another clock than `receive`, to which they are alike within two seconds alone. Streams on
   * the receive clock (`timeline: receive`, `clock: estimate`, messages without a header) can then not be aligned with
   * the others and are counted as `other_clock`.
   */
  readonly otherClock?: boolean
  /**
   * Told the fate of every sample: why it was dropped, or undefined. `stamp` as it was pushed; NaN for one that never
   * became a sample. Must not push.
   */
  readonly onSample?: (stream: number, stamp: number, receive: number, dropped: DropReason | undefined) => void
}

/**
 * Lines up a robot's streams at its reference ticks and hands over one observation a tick, in stamp order.
 *
 * A pure state machine without a clock of its own: what it emits depends on the sequence of pushes (stream, stamp,
 * receive, value) and resets alone. `receive` (ns, bus time) never decreases; one that does counts as the latest. When
 * `advance` is called in between changes only how soon an observation is handed over, not what it holds.
 *
 * A tick is emitted once every stream that is awaited brackets it, or given up at its deadline, its own arrival plus
 * `maxWait`; the ticks before it are then given up with it. A deadline has expired strictly after it. A stream is
 * awaited unless it has been silent for more than `maxSilence` at the tick's arrival (from the latest reset or the
 * first push on, if it has not spoken since) or is taking its tare; events never are. `emit` must not push.
 */
export class Aligner {
  readonly counters: Counters
  readonly #robot: AlignerConfig
  readonly #emit: (observation: Observation) => void
  readonly #options: AlignerOptions
  readonly #lanes: readonly Lane[]
  readonly #modalities: readonly { readonly modality: keyof Mask; readonly names: readonly string[] }[]
  readonly #from: number
  readonly #metronome: Metronome | undefined
  readonly #ticks = new TickQueue()
  readonly #takeTick = (stamp: number): void => this.#tick(stamp)
  #receive = -Infinity
  /** Receive time of the latest reset, or before one of the very first push. */
  #began = NaN
  #lastTick = -Infinity
  #index = 0
  #jump: Jump | undefined
  #refusal: DropReason = 'nan'
  /** The stream whose samples have begun to look as if time had jumped back. */
  #suspect: Lane | undefined

  /**
   * Throws FusionError `STRATEGY_TYPE` (a stream's type does not fit its strategy), `STREAM_UNKNOWN` (`tick.from` names
   * none).
   */
  constructor(robot: AlignerConfig, emit: (observation: Observation) => void, options: AlignerOptions = {}) {
    this.#robot = robot
    this.#emit = emit
    this.#options = options
    this.#lanes = robot.streams.map(stream => new Lane(stream, robot.maxWait))
    this.#modalities = MODALITIES.map(modality => ({
      modality,
      names: robot.streams.filter(stream => stream.modality === modality).map(({ name }) => name),
    }))
    const { tick } = robot
    this.#metronome = 'period' in tick ? new Metronome(tick.period) : undefined
    this.#from = 'from' in tick ? this.index(tick.from) : -1
    this.counters = {
      observations: 0,
      incomplete: 0,
      held: 0,
      jumps: 0,
      dropped: noDrops(),
      streams: new Map(this.#lanes.map(({ stream, counters }) => [stream.name, counters])),
      get reordered(): number {
        let sum = 0
        for (const stream of this.streams.values()) sum += stream.reordered
        return sum
      },
    }
  }

  /** The index of a stream by its name in the robot file. Throws FusionError `STREAM_UNKNOWN`. */
  index(name: string): number {
    const index = this.#robot.streams.findIndex(stream => stream.name === name)
    if (index < 0) {
      throw new FusionError(
        'STREAM_UNKNOWN',
        `stream ${name}: robot ${this.#robot.name} has ` +
          `${this.#robot.streams.map(stream => stream.name).join(', ')}; name one of these`,
      )
    }
    return index
  }

  /** What kind of push a stream takes. */
  kind(stream: number): Kind {
    return this.#lane(stream).kind
  }

  /**
   * The samples of a vector stream with stamps in (after, until] that its buffer holds, as they go into observations
   * (corrected clock, tared); it reaches back 2 s and more. May be called from `emit`.
   */
  samples(stream: number, after: number, until: number): Samples {
    return this.#lane(stream).samples(after, until)
  }

  /** Windows that were read anew because of samples out of order. */
  get rebuilds(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.rebuilds, 0)
  }

  /** A vector sample; the values are copied. Makes no object. */
  pushVector(stream: number, stamp: number, receive: number, values: ArrayLike<number>): void {
    const lane = this.#begin(stream, 'vector', receive)
    const fault = lane.vectorFault(values)
    const time = fault === undefined ? this.#admit(lane, stamp) : this.#refuse(fault)
    const reason = Number.isNaN(time) ? this.#refusal : lane.vector(time, values)
    if (!Number.isNaN(time) && lane.restored > 0) this.#restore(lane, reason)
    this.#options.onSample?.(stream, stamp, this.#receive, reason)
    this.#judged(lane, stream, time, reason)
  }

  /** A camera frame; its bytes are kept, not copied, and must never change. */
  pushFrame(stream: number, stamp: number, receive: number, frame: Frame): void {
    const lane = this.#begin(stream, 'frame', receive)
    const fault = lane.frameFault(frame)
    const time = fault === undefined ? this.#admit(lane, stamp) : this.#refuse(fault)
    const reason = Number.isNaN(time) ? this.#refusal : lane.frame(time, frame)
    this.#options.onSample?.(stream, stamp, this.#receive, reason)
    this.#judged(lane, stream, time, reason)
  }

  pushEvent(stream: number, stamp: number, receive: number, text: string, confidence: number): void {
    const lane = this.#begin(stream, 'event', receive)
    const time = Number.isFinite(confidence) ? this.#admit(lane, stamp) : this.#refuse('nan')
    const reason = Number.isNaN(time) ? this.#refusal : lane.event(time, text, confidence)
    this.#options.onSample?.(stream, stamp, this.#receive, reason)
    this.#judged(lane, stream, time, reason)
  }

  /** Counts a sample of a stream that never became one, such as a header without a time. */
  count(stream: number, reason: DropReason): void {
    this.#drop(this.#lane(stream), reason)
    this.#options.onSample?.(stream, NaN, this.#receive, reason)
  }

  /**
   * An episode begins: buffers, events and tare begin anew, and so do ticks at a fixed rate; waiting ticks are dropped
   * (`reset`), and nobody counts as silent. The index goes on, and so does what is known of the sources' clocks.
   */
  reset(receive: number): void {
    this.#passTo(receive)
    this.#dropTicks('reset')
    this.#metronome?.clear()
    this.#began = this.#receive
    this.#suspect = undefined
    for (const lane of this.#lanes) {
      lane.flush({ tare: true })
      lane.stepBack.clear()
      lane.lead.clear()
    }
  }

  /** Gives up the ticks whose deadlines lie before `now` (bus time, ns). */
  advance(now: number): void {
    for (let deadline = this.nextDeadline(); now > deadline; deadline = this.nextDeadline()) {
      while (this.nextDeadline() <= deadline) this.#release(deadline)
      this.#drain(deadline)
    }
  }

  /** The bus time after which `advance` has something to do; Infinity when nothing waits. */
  nextDeadline(): number {
    return this.#ticks.size === 0 ? Infinity : this.#ticks.firstArrival + this.#robot.maxWait
  }

  /** The end of a recording: emits what waits, each at its deadline, with what there is. */
  finish(): void {
    this.advance(Infinity)
  }

  #lane(stream: number): Lane {
    const lane = this.#lanes[stream]
    if (lane === undefined)
      throw new FusionError('STREAM_UNKNOWN', `stream ${stream}: expected 0 to ${this.#lanes.length - 1}`)
    return lane
  }

  #begin(stream: number, kind: Kind, receive: number): Lane {
    const lane = this.#lane(stream)
    if (lane.kind !== kind) {
      throw new FusionError(
        'STREAM_KIND',
        `stream ${lane.stream.name}: ${lane.stream.type} is a ${lane.kind}, not a ${kind}`,
      )
    }
    this.#passTo(receive)
    return lane
  }

  #passTo(receive: number): void {
    if (receive > this.#receive) this.#receive = receive
    if (Number.isNaN(this.#began)) this.#began = receive
    if (this.#ticks.size > 0) this.advance(this.#receive)
  }

  #drop(lane: Lane | undefined, reason: DropReason, times = 1): void {
    this.counters.dropped[reason] += times
    if (lane !== undefined) lane.counters.dropped[reason] += times
  }

  #dropTicks(reason: DropReason): void {
    this.#drop(this.#lanes[this.#from], reason, this.#ticks.clear())
  }

  #refuse(reason: DropReason): number {
    this.#refusal = reason
    return NaN
  }

  /** The sample's stamp by the rules of time, or NaN when they refuse it: `#refusal` says why. */
  #admit(lane: Lane, raw: number): number {
    const receive = this.#receive
    if (this.#options.otherClock && lane.clockKind === 'receive') return this.#refuse('other_clock')
    const received = lane.stream.timeline === 'receive'
    if (Number.isNaN(raw) && !received) return this.#refuse('nan')
    if (Math.abs(raw) > Number.MAX_SAFE_INTEGER && !received) return this.#refuse('stamp_range')
    const stamp = received ? receive : lane.clock === undefined ? raw : lane.clock.correct(raw, receive)
    const { otherClock } = this.#options
    if (otherClock ? this.#isFarAhead(stamp) : stamp > receive + MAX_FUTURE) return this.#refuse('future')
    const isBehind = lane.isJudged && stamp < lane.newest - DISORDER
    if (isBehind || this.#jump !== undefined || this.#suspect !== undefined) {
      const reason = this.#sideRefusal(lane, stamp, isBehind)
      if (reason !== undefined) return this.#refuse(reason)
    }
    if (lane.isJudged && !otherClock) {
      const { lead } = lane
      lead.count++
      if ((stamp - receive > lead.greatest || receive > lead.until) && lead.isOdd(stamp, receive))
        return this.#refuse('future')
    }
    if (this.#suspect === lane) this.#suspect = undefined
    lane.advance(stamp, receive)
    return stamp
  }

  /** Why a sample stands on no side of a jump that is to be believed; shows the jump where it does so. */
  #sideRefusal(lane: Lane, stamp: number, isBehind: boolean): DropReason | undefined {
    // What has stepped back a little, of another stream, waits for the answer too: it must not stand among samples of
    // the other side.
    if (!isBehind && this.#isOfSuspectedSide(lane, stamp)) return 'other_side'
    if (this.#jump !== undefined && this.#isOtherSide(lane, stamp, this.#jump)) {
      if (lane.strayed === Infinity) lane.strayed = this.#receive
      if (this.#receive - lane.strayed <= JUMP) return 'other_side'
      this.#leap(lane, stamp, -this.#jump.ahead as 1 | -1)
    } else if (isBehind) {
      this.#suspect = lane
      if (!lane.stepBack.take(stamp, this.#receive, this.#line(lane, lane), lane.gap)) return 'late'
      this.#leap(lane, stamp, 1)
    }
    return undefined
  }

  /**
   * Whether a stamp of another clock, which may go at another pace so that arrivals say nothing of it, lies ahead as
   * none can.
   */
  #isFarAhead(stamp: number): boolean {
    const { newest, heard } = this.#lanes[Math.max(this.#from, 0)] as Lane
    return this.#receive - heard <= MAX_FUTURE && stamp > newest + MAX_FUTURE_APART
  }

  /**
   * The stamp that is expected of a stream by now, as it has been; of one that has said nothing for a while, what is
   * expected of `other`.
   */
  #line(lane: Lane, other: Lane): number {
    const silent = this.#receive - lane.heard
    if (this.#options.otherClock) return silent > DISORDER ? other.newest : lane.newest
    return silent > JUMP ? other.newest + (this.#receive - other.heard) : lane.newest + silent
  }

  /** Whether a sample has stepped back as the samples of another stream have, which do not show a jump yet. */
  #isOfSuspectedSide(lane: Lane, stamp: number): boolean {
    const suspect = this.#suspect
    if (suspect === undefined || suspect === lane || stamp > lane.newest || lane.clockKind === 'receive') return false
    return suspect.stepBack.explains(stamp, this.#receive, this.#line(lane, suspect))
  }

  /**
   * Whether a sample is a leftover from before the latest jump. Asked of each stream until it has been heard on this
   * side, and of all for a second after the jump.
   */
  #isOtherSide(lane: Lane, stamp: number, jump: Jump): boolean {
    if (lane.clockKind === 'receive') return false
    const elapsed = this.#receive - jump.receive
    if (lane.crossed && elapsed > JUMP) return false
    const passed = this.#options.otherClock ? Math.max(0, jump.lane.newest - jump.stamp) : elapsed
    return (stamp - (lane.border + passed)) * jump.ahead > 0
  }

  /** Time jumped, as `lane` has shown: nothing from before meets anything from after. */
  #leap(lane: Lane, stamp: number, ahead: 1 | -1): void {
    this.counters.jumps++
    this.#dropTicks('jump')
    const back = this.#line(lane, lane) - stamp
    // Each stream's own stamps tell its sides apart: streams are late by different times, which may be as long as the
    // jump.
    for (const other of this.#lanes)
      other.border = ahead < 0 ? stamp - JUMP : this.#line(other, lane) - back + Math.min(JUMP, back / 2)
    for (const other of this.#lanes) {
      other.flush({ tare: false })
      other.newest = -Infinity
      other.heard = -Infinity
      other.crossed = other === lane
      other.strayed = Infinity
      other.stepBack.clear()
      other.lead.clear()
    }
    this.#suspect = undefined
    this.#metronome?.clear()
    this.#lastTick = -Infinity
    this.#jump = { lane, stamp, receive: this.#receive, ahead }
  }

  /** What had been counted as duplicates fares as the sample that has shown them to be a burst. */
  #restore(lane: Lane, reason: DropReason | undefined): void {
    this.#drop(lane, 'duplicate', -lane.restored)
    if (reason === undefined) lane.counters.accepted += lane.restored
    else this.#drop(lane, reason, lane.restored)
  }

  /** The sample stands in its buffer at `stamp`, or not, for a reason. */
  #judged(lane: Lane, stream: number, stamp: number, reason: DropReason | undefined): void {
    if (reason !== undefined) return this.#drop(lane, reason)
    lane.counters.accepted++
    // A source whose stamp stands still says nothing that a tick could wait for.
    if (stamp !== lane.newest || this.#receive - lane.heard <= DISORDER) lane.spoke = this.#receive
    if (this.#metronome !== undefined) {
      this.#drop(undefined, 'gap', this.#metronome.hear(stamp, stream === 0, this.#takeTick))
    } else if (stream === this.#from) this.#tick(stamp)
    if (this.#ticks.size > 0) this.#drain(this.#receive)
  }

  #tick(stamp: number): void {
    if (stamp <= this.#lastTick || !this.#ticks.insert(stamp, this.#receive))
      this.#drop(this.#lanes[this.#from], 'late_tick')
  }

  #drain(now: number): void {
    while (this.#ticks.size > 0 && this.#isComplete()) this.#release(now)
  }

  #isComplete(): boolean {
    const { stamp, arrival } = this.#ticks
    for (let i = 0; i < this.#lanes.length; i++) {
      const lane = this.#lanes[i] as Lane
      if (lane.awaited(arrival, this.#robot.maxSilence, this.#began) && !lane.brackets(stamp)) return false
    }
    return true
  }

  /** Emits the first waiting tick. */
  #release(emitted: number): void {
    const { stamp } = this.#ticks
    this.#ticks.shift()
    this.#lastTick = stamp
    const values = new Map<string, StreamValue | undefined>()
    const quality = new Map<string, Quality>()
    let held = false
    let incomplete = false
    for (const lane of this.#lanes) {
      const aligned = lane.value(stamp)
      values.set(lane.stream.name, aligned.value)
      quality.set(lane.stream.name, aligned.quality)
      held ||= aligned.quality.held
      if (aligned.quality.present) lane.counters.present++
      incomplete ||= lane.kind !== 'event' && !aligned.quality.present
    }
    const mask = {} as Mask
    for (const { modality, names } of this.#modalities) {
      mask[modality] = names.length > 0 && names.every(name => quality.get(name)?.present) ? 1 : 0
    }
    this.counters.observations++
    if (held) this.counters.held++
    if (incomplete) this.counters.incomplete++
    this.#emit({ index: this.#index++, stamp, emitted, values, quality, mask })
  }
}
