import type { Frame } from './camera-frame.js'
import type { CompensatedStream } from './compensation/compensated-stream.js'
import { CompensatedStreams } from './compensation/compensated-streams.js'
import { countersOf, type Counters, type DropReason } from './counters.js'
import { FusionError } from './errors.js'
import { FastTicks, type FastTicksConfig } from './fast-ticks.js'
import type { Observation } from './observation.js'
import { PeriodicTicks } from './reference-ticks.js'
import { StampAdmission } from './stamp-admission.js'
import { DISORDER } from './step-back.js'
import { StreamBuffer, type Samples } from './stream-buffer.js'
import { referenceOf } from './stream-clock.js'
import type { Kind } from './stream-types/stream-type.js'
import type { AlignerConfig } from './stream.js'
import { TickSequence, type Observed } from './tick-sequence.js'

/** Fast ticks, and the function that is called with each observation at them. It must not push. */
export interface FastTicksOptions extends FastTicksConfig {
  readonly emit: (observation: Observation) => void
}

export interface AlignerOptions {
  /** A second sequence of ticks. It changes nothing of the observations at the reference ticks. */
  readonly fast?: FastTicksOptions | undefined
  /**
   * The stamps are of another clock than `receive`: the two agree to within two seconds only. Streams on the receive
   * clock (`timeline: receive`, `clock: estimate`, messages without a header) can then not be aligned with the others.
   * Their samples are counted as `other_clock`.
   */
  readonly otherClock?: boolean
  /**
   * Called for every sample, with the reason why it was dropped, or undefined. `stamp` is as it was pushed; NaN for a
   * sample that `count` counted. The callback must not push.
   */
  readonly onSample?: (stream: number, stamp: number, receive: number, dropped: DropReason | undefined) => void
}

/**
 * Aligns a robot's streams at its reference ticks and, where it is asked for, some of them at fast ticks. It emits one
 * observation for each tick, in the order of stamps of its sequence.
 *
 * The aligner is a state machine without a clock of its own. What it emits depends only on the sequence of pushes
 * (stream, stamp, receive, value) and resets. `receive` (ns, bus time) must not decrease; an earlier one counts as the
 * latest so far. `advance` decides how soon an observation is emitted, never what it holds.
 *
 * A tick waits for the streams that are awaited. It is emitted when each of them has a sample at or after it, so that
 * later samples cannot change the result. It is emitted with what there is when its deadline has passed: its arrival
 * plus `maxWait`. All ticks before it are then emitted too. A stream is awaited unless it had been silent for longer
 * than `maxSilence` when the tick arrived, or its tare is under way. A stream that has not sent anything yet counts as
 * silent since the latest reset or the first push. Events are never awaited. `emit` must not push.
 */
export class Aligner {
  readonly counters: Counters
  readonly #robot: AlignerConfig
  readonly #emit: (observation: Observation) => void
  readonly #onSample: AlignerOptions['onSample']
  readonly #buffers: readonly StreamBuffer[]
  /** Index of the ticking stream; -1 where ticks have a fixed rate. */
  readonly #from: number
  /** Index of the stream with the origin of ticks at a fixed rate, or the ticking stream. */
  readonly #reference: number
  readonly #admission: StampAdmission
  readonly #compensated: CompensatedStreams
  readonly #periodic: PeriodicTicks | undefined
  readonly #main: TickSequence
  readonly #fast: FastTicks | undefined
  readonly #emitFast: FastTicksOptions['emit'] | undefined
  readonly #takeTick = (stamp: number): void => this.#tick(stamp)
  #receive = -Infinity
  /** Receive time of the latest reset; before any reset, that of the first push. */
  #began = NaN
  #episode = 0

  /**
   * Throws FusionError `STRATEGY_TYPE` where the type of a stream does not fit its strategy, and `STREAM_UNKNOWN` where
   * `tick.from` or a fast tick names no stream.
   */
  constructor(robot: AlignerConfig, emit: (observation: Observation) => void, options: AlignerOptions = {}) {
    this.#robot = robot
    this.#emit = emit
    this.#onSample = options.onSample
    const { fast } = options
    for (const name of fast?.streams ?? []) this.index(name)
    this.#buffers = robot.streams.map(
      stream => new StreamBuffer(stream, robot.maxWait, fast?.streams.includes(stream.name) ? 2 : 1),
    )
    this.#main = new TickSequence({ buffers: this.#buffers, reader: 0, config: robot })
    this.#fast = fast && new FastTicks(fast, this.#buffers, robot)
    this.#emitFast = fast?.emit
    this.#compensated = new CompensatedStreams(robot, this.#buffers, (each, reason) => this.#tookWaiting(each, reason))
    const { tick } = robot
    this.#periodic = 'period' in tick ? new PeriodicTicks(tick.period) : undefined
    this.#from = 'from' in tick ? this.index(tick.from) : -1
    this.#reference = Math.max(
      0,
      robot.streams.findIndex(stream => stream === referenceOf(robot)),
    )
    this.#admission = new StampAdmission({
      buffers: this.#buffers,
      otherClock: options.otherClock ?? false,
      reference: this.#reference,
      onJump: () => this.#jump(),
    })
    const streams = new Map(this.#buffers.map(({ stream, counters }) => [stream.name, counters]))
    this.counters = countersOf({ main: this.#main, fast: this.#fast, streams })
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

  /** The episode of the next observation: it goes up with every reset and every jump of time. */
  get episode(): number {
    return this.#episode
  }

  /** The kind of push that a stream takes. */
  kind(stream: number): Kind {
    return this.#bufferOf(stream).kind
  }

  /**
   * The samples of a vector stream with stamps in (after, until] that are still in its buffer, with the corrected clock
   * and the tare, as observations have them. The buffer holds at least the last 2 s. May be called from `emit`.
   */
  samples(stream: number, after: number, until: number): Samples {
    return this.#bufferOf(stream).samples(after, until)
  }

  /** How often a window was computed anew because a sample came out of order. */
  get rebuilds(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.rebuilds, 0)
  }

  /**
   * Takes a vector sample. `stamp` and `receive` in ns; the values are copied. Allocates nothing. Throws FusionError
   * `STREAM_UNKNOWN` or `STREAM_KIND`.
   */
  pushVector(stream: number, stamp: number, receive: number, values: ArrayLike<number>): void {
    const buffer = this.#begin(stream, 'vector', receive)
    const fault = buffer.vectorFault(values)
    const time = fault === undefined ? this.#admission.admit(buffer, stamp, this.#receive) : NaN
    const compensated = Number.isNaN(time) ? undefined : this.#compensated.at(stream)
    let accepted = false
    if (compensated === undefined) {
      const reason = fault ?? (Number.isNaN(time) ? this.#admission.refusal : buffer.vector(time, values))
      if (!Number.isNaN(time) && buffer.restored > 0) this.#restore(buffer, reason)
      this.#onSample?.(stream, stamp, this.#receive, reason)
      accepted = this.#count(buffer, stream, time, this.#receive, reason)
    } else compensated.waiting.push(time, stamp, this.#receive, values)
    accepted = this.#compensated.settle(buffer, this.#receive) || accepted
    if (accepted && this.#waits) this.#drain(this.#receive)
  }

  /** Counts a wrench that has waited for its orientation. Its receive time is its own. */
  #tookWaiting({ buffer, index, taken }: CompensatedStream, reason: DropReason | undefined): boolean {
    if (buffer.restored > 0) this.#restore(buffer, reason)
    this.#onSample?.(index, taken.written, taken.receive, reason)
    return this.#count(buffer, index, taken.stamp, taken.receive, reason)
  }

  /** Takes a camera frame. Its bytes are kept, not copied, so they must never change. Throws as `pushVector`. */
  pushFrame(stream: number, stamp: number, receive: number, frame: Frame): void {
    const buffer = this.#begin(stream, 'frame', receive)
    const fault = buffer.frameFault(frame)
    const time = fault === undefined ? this.#admission.admit(buffer, stamp, this.#receive) : NaN
    const reason = fault ?? (Number.isNaN(time) ? this.#admission.refusal : buffer.frame(time, frame))
    this.#onSample?.(stream, stamp, this.#receive, reason)
    this.#judged(buffer, stream, time, reason)
  }

  pushEvent(stream: number, stamp: number, receive: number, text: string, confidence: number): void {
    const buffer = this.#begin(stream, 'event', receive)
    const fault = Number.isFinite(confidence) ? undefined : 'nan'
    const time = fault === undefined ? this.#admission.admit(buffer, stamp, this.#receive) : NaN
    const reason = fault ?? (Number.isNaN(time) ? this.#admission.refusal : buffer.event(time, text, confidence))
    this.#onSample?.(stream, stamp, this.#receive, reason)
    this.#judged(buffer, stream, time, reason)
  }

  /** Counts a message that never became a sample, such as one whose header has no time. */
  count(stream: number, reason: DropReason): void {
    this.#drop(this.#bufferOf(stream), reason)
    this.#onSample?.(stream, NaN, this.#receive, reason)
  }

  /**
   * An episode begins. Buffers, events and tare begin anew, and so do ticks at a fixed rate. Waiting ticks are dropped
   * (`reset`). All streams count as having sent a moment ago. The index of observations goes on, and so does what is
   * known of the sources' clocks.
   */
  reset(receive: number): void {
    this.#passTo(receive)
    this.#episode++
    this.#dropWaiting('reset')
    this.#periodic?.clear()
    this.#fast?.reset()
    this.#began = this.#receive
    this.#admission.reset()
    for (const buffer of this.#buffers) buffer.reset()
  }

  /** Emits the ticks whose deadlines lie before `now` (bus time, ns), with the samples that there are. */
  advance(now: number): void {
    for (let deadline = this.nextDeadline(); now > deadline; deadline = this.nextDeadline()) {
      while (this.#main.deadline <= deadline) this.#release(deadline)
      this.#drainMain(deadline)
      const fast = this.#fast?.sequence
      while (fast && fast.deadline <= deadline) this.#releaseFast(fast, deadline)
      this.#drainFast(deadline)
    }
  }

  /** The bus time (ns) after which `advance` has something to do. Infinity when no tick waits. */
  nextDeadline(): number {
    return Math.min(this.#main.deadline, this.#fast?.sequence.deadline ?? Infinity)
  }

  /** A recording has ended: emits each waiting tick at its deadline, with the samples that there are. */
  finish(): void {
    this.#compensated.settleUntil(Infinity)
    this.advance(Infinity)
  }

  #bufferOf(stream: number): StreamBuffer {
    const buffer = this.#buffers[stream]
    if (buffer === undefined)
      throw new FusionError('STREAM_UNKNOWN', `stream ${stream}: expected 0 to ${this.#buffers.length - 1}`)
    return buffer
  }

  #begin(stream: number, kind: Kind, receive: number): StreamBuffer {
    const buffer = this.#bufferOf(stream)
    if (buffer.kind !== kind) {
      throw new FusionError(
        'STREAM_KIND',
        `stream ${buffer.stream.name}: ${buffer.stream.type} is a ${buffer.kind}, not a ${kind}`,
      )
    }
    this.#passTo(receive)
    return buffer
  }

  #passTo(receive: number): void {
    if (receive > this.#receive) this.#receive = receive
    if (Number.isNaN(this.#began)) this.#began = receive
    if (this.#waits) this.advance(this.#receive)
  }

  #drop(buffer: StreamBuffer | undefined, reason: DropReason, times = 1): void {
    this.counters.dropped[reason] += times
    if (buffer !== undefined) buffer.counters.dropped[reason] += times
  }

  /** Drops what waits: ticks, and wrenches without an orientation. */
  #dropWaiting(reason: DropReason): void {
    this.#drop(this.#buffers[this.#from], reason, this.#main.clear())
    this.#compensated.clear(({ buffer, index, waiting }) => {
      this.#drop(buffer, reason)
      this.#onSample?.(index, waiting.written, waiting.receive, reason)
    })
  }

  /** Time has jumped. Waiting ticks are dropped, and ticks may begin again at any stamp. */
  #jump(): void {
    this.counters.jumps++
    this.#episode++
    this.#dropWaiting('jump')
    this.#periodic?.clear()
    this.#main.restart()
    this.#fast?.jump()
  }

  /**
   * A second, different value with one stamp shows that the source sends bursts. So the equal samples before it were no
   * duplicates. They are counted as that sample is: accepted (`reason` is undefined) or dropped.
   */
  #restore(buffer: StreamBuffer, reason: DropReason | undefined): void {
    this.#drop(buffer, 'duplicate', -buffer.restored)
    if (reason === undefined) buffer.counters.accepted += buffer.restored
    else this.#drop(buffer, reason, buffer.restored)
  }

  /** Counts a sample that comes now as `#count` does, and emits what it completes. */
  #judged(buffer: StreamBuffer, stream: number, stamp: number, reason: DropReason | undefined): void {
    const accepted = this.#count(buffer, stream, stamp, this.#receive, reason)
    if (accepted && this.#waits) this.#drain(this.#receive)
  }

  /**
   * Counts a sample that was accepted at `stamp`, or dropped for a reason, and makes the ticks that it causes. Returns
   * whether it was accepted.
   */
  #count(
    buffer: StreamBuffer,
    stream: number,
    stamp: number,
    receive: number,
    reason: DropReason | undefined,
  ): boolean {
    if (reason !== undefined) {
      this.#drop(buffer, reason)
      return false
    }
    buffer.counters.accepted++
    // A source that repeats one stamp gives no new information, so ticks need not wait for it.
    if (stamp !== buffer.newest || receive - buffer.heard <= DISORDER) buffer.spoke = receive
    if (this.#periodic !== undefined) {
      this.#drop(undefined, 'gap', this.#periodic.add(stamp, stream === this.#reference, this.#takeTick))
    } else if (stream === this.#from) this.#tick(stamp)
    this.#fast?.heard(stream, stamp, this.#receive)
    return true
  }

  #tick(stamp: number): void {
    if (!this.#main.add(stamp, this.#receive)) this.#drop(this.#buffers[this.#from], 'late_tick')
  }

  get #waits(): boolean {
    return this.#main.waits || this.#fast?.sequence.waits === true
  }

  /** Emits the ticks that are complete. */
  #drain(now: number): void {
    this.#drainMain(now)
    this.#drainFast(now)
  }

  #drainMain(now: number): void {
    while (this.#main.waits && this.#main.isComplete(this.#began)) this.#release(now)
  }

  #drainFast(now: number): void {
    const fast = this.#fast?.sequence
    while (fast?.waits && fast.isComplete(this.#began)) this.#releaseFast(fast, now)
  }

  /** Emits the first waiting reference tick. */
  #release(emitted: number): void {
    const stamp = this.#main.take()
    this.#compensated.settleUntil(stamp)
    const observed = this.#main.observe(stamp)
    for (const { stream, counters } of this.#buffers) if (observed.quality.get(stream.name)?.present) counters.present++
    this.#emit(this.#emitted(observed, emitted))
  }

  /**
   * Emits the first waiting fast tick. Wrenches that still wait for their orientation are not in it: taking them sooner
   * would change the observations at the reference ticks.
   */
  #releaseFast(fast: TickSequence, emitted: number): void {
    this.#emitFast?.({ ...this.#emitted(fast.observe(fast.take()), emitted), after: this.#main.counters.observations })
  }

  #emitted(observed: Observed, emitted: number): Observation {
    return { ...observed, episode: this.#episode, emitted }
  }
}
