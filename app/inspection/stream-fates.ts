import { occurred, type Counters, type DropReason } from '../../fusion/counters.js'
import { referenceOf } from '../../fusion/stream-clock.js'
import type { Robot } from '../../robots/robot.js'
import type { StampClock } from '../replay/replay-bag.js'

/** A stream that is in no observation, and why. */
export interface LostStream {
  readonly stream: string
  readonly text: string
}

/** What to do about a stream, by the reason for which all its messages were dropped. */
const ADVICE: Partial<Record<DropReason, string>> = {
  zero_stamp: 'the source writes no stamps: say timeline: receive',
  stamp_range: "its clock is over 104 days from the others': say clock: estimate, or timeline: receive",
  future: 'its clock is ahead: say clock: estimate',
  tare: 'the tare takes longer than the recording',
  log_time: "the recorder's clock was not set",
  no_orientation: 'no pose of its compensate.orientation lies within max_age: record that stream, or mend its stamps',
}
/** Why a topic may be in the recording without a message. */
const WITHOUT_MESSAGES = 'its publisher was silent, or offers less than the recorder asks for (QoS)'
/** ns. A larger difference between the delays of two streams is not transport but a difference of their clocks. */
const APART = 1e9

/**
 * What became of the messages of each stream, as the aligner decided. `check` and `replay` both use it, so that they
 * say the same.
 */
export class StreamFates {
  readonly #robot: Robot
  readonly #clock: StampClock
  /** Least receive - stamp of each stream's accepted samples, ns. */
  readonly #behind: Float64Array

  constructor(robot: Robot, clock: StampClock) {
    this.#robot = robot
    this.#clock = clock
    this.#behind = new Float64Array(robot.streams.length).fill(Infinity)
  }

  /** For `AlignerOptions.onSample`. */
  take(stream: number, stamp: number, receive: number, dropped: DropReason | undefined): void {
    if (dropped === undefined && receive - stamp < this.#behind[stream]!) this.#behind[stream] = receive - stamp
  }

  /** The streams that are in no observation. Without any observation the reference stream is among them. */
  lost({ streams, observations }: Pick<Counters, 'streams' | 'observations'>): LostStream[] {
    const found: LostStream[] = []
    const ticking = referenceOf(this.#robot)
    this.#robot.streams.forEach(({ name, topic, modality, timeline, clock }, index) => {
      const counters = streams.get(name)
      if (!counters) return
      const { accepted, present, dropped } = counters
      const reasons = Object.entries(occurred(dropped)) as [DropReason, number][]
      const messages = reasons.reduce((sum, [, count]) => sum + count, accepted)
      const say = (text: string): void => void found.push({ stream: name, text: `${topic}: ${text}` })
      const isWanting = observations === 0 && name === ticking?.name
      if (messages === 0) {
        if (isWanting)
          say(`there are no observations: they are made at its messages, and it has none: ${WITHOUT_MESSAGES}`)
        return
      }
      if (accepted === 0) {
        const [most] = reasons.sort(([, a], [, b]) => b - a)[0]!
        const advice = most === 'other_clock' ? this.#otherClock() : ADVICE[most]
        return say(
          `none of its ${messages} messages could be used ` +
            `(${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})${advice === undefined ? '' : `: ${advice}`}`,
        )
      }
      if (isWanting)
        return say(
          `there are no observations: none of its ${messages} messages made a tick ` +
            `(${reasons.map(([reason, count]) => `${reason} ${count}`).join(', ')})`,
        )
      if (present > 0 || observations === 0 || modality === 'voice') return
      const reference = this.#robot.streams.findIndex(stream => stream === ticking)
      const apart =
        timeline === 'header' && clock === 'ours' && reference >= 0
          ? this.#behind[index]! - this.#behind[reference]!
          : 0
      const why =
        Math.abs(apart) > APART
          ? `: its stamps lie ${(Math.abs(apart) / 1e9).toFixed(1)} s ${apart > 0 ? 'behind' : 'ahead of'} ` +
            `those of ${this.#robot.streams[reference]!.topic}: say clock: estimate, or timeline: receive, for ` +
            'the stream whose clock is wrong'
          : ''
      const left =
        reasons.length === 0
          ? ''
          : ` (of its ${messages} messages ` +
            `${reasons.map(([reason, count]) => `${count} ${reason}`).join(', ')} dropped)`
      say(`it is in none of the ${observations} observations${left}${why}`)
    })
    return found
  }

  #otherClock(): string {
    const { apart } = this.#clock
    return (
      `the stamps of ${referenceOf(this.#robot)?.topic ?? 'the reference'} are of a clock about ` +
      `${Math.abs(apart)} s ${apart < 0 ? 'behind' : 'ahead of'} the recording's, ` +
      'and the two cannot be aligned: say timeline: receive for every stream, or record with the clock ' +
      'of the stamps (ros2 bag record --use-sim-time)'
    )
  }
}
