import { noDrops, occurred, type DropReason } from '../../fusion/counters.js'
import { kindOf } from '../../fusion/stream-types/stream-types.js'
import { ms } from '../../fusion/stamp.js'
import { strategyOf } from '../../fusion/align/strategies.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { meanRate } from './topic-spacing.js'

/**
 * `missing`, `type`, `unstamped`, `slow` and `lost`: the recording lacks what the file needs. The others are worth
 * knowing.
 */
export type FindingKind =
  | 'missing'
  | 'type'
  | 'unstamped'
  | 'slow'
  | 'lost'
  | 'gap'
  | 'late'
  | 'out_of_order'
  | 'duplicate'
  | 'future'
  | 'dropped'
  | 'depth'

const LACKING: ReadonlySet<FindingKind> = new Set<FindingKind>(['missing', 'type', 'unstamped', 'slow', 'lost'])

export interface Finding {
  readonly stream: string
  readonly kind: FindingKind
  readonly lacking: boolean
  readonly count: number
  readonly text: string
  /** The first few stamps where it happened, in ns since the run's epoch. */
  readonly stamps: readonly number[]
}

export function finding(
  stream: string,
  kind: FindingKind,
  text: string,
  count = 1,
  stamps: readonly number[] = [],
): Finding {
  return { stream, kind, lacking: LACKING.has(kind), count, text, stamps }
}

/** Reasons for a dropped sample that are no fault, or that another finding reports. */
const NOT_REPORTED: ReadonlySet<string> = new Set<DropReason>(['zero_stamp', 'tare', 'late_tick', 'duplicate'])
/** How many stamps a finding lists, at most. */
const LISTED = 5

class Tally {
  count = 0
  /** The largest value seen, ns. */
  worst = 0
  readonly stamps: number[] = []

  add(stamp: number, value: number): void {
    this.count++
    this.worst = Math.max(this.worst, value)
    if (this.stamps.length < LISTED) this.stamps.push(stamp)
  }
}

/**
 * The longest gap between two samples of a stream that alignment bridges, ns. After a wider gap a value is missing or a
 * window is empty.
 */
function longestGap({ align }: Stream): number | undefined {
  const declared = strategyOf(align)
  return (declared.longestGap ?? declared.longestStep)?.(align)
}

/**
 * Counts and times of one stream's samples, which come in receive order, and what the aligner did with them. Its memory
 * does not grow with their number. All times are in ns.
 */
export class StreamCheck {
  readonly #stream: Stream
  readonly #longestGap: number | undefined
  readonly #robot: Robot
  readonly #gaps = new Tally()
  readonly #late = new Tally()
  readonly #outOfOrder = new Tally()
  readonly #duplicates = new Tally()
  readonly #future = new Tally()
  readonly #dropped = noDrops()
  /** Whether stamps and receive times are of one clock, so that their difference is a delay. */
  readonly #oneClock: boolean
  #count = 0
  #stamped = 0
  #first = Infinity
  #last = -Infinity
  #delaySum = 0
  #delayMax = -Infinity

  constructor(stream: Stream, robot: Robot, { oneClock = true } = {}) {
    this.#oneClock = oneClock && (stream.timeline === 'receive' || stream.clock === 'ours')
    this.#stream = stream
    this.#longestGap = longestGap(stream)
    this.#robot = robot
  }

  /**
   * Adds a sample. `written` is its stamp, NaN where it has none. `dropped` is the reason where the aligner dropped it.
   */
  add(written: number, receive: number, dropped?: DropReason): void {
    this.#count++
    if (dropped !== undefined) this.#dropped[dropped]++
    const stamp = this.#stream.timeline === 'receive' ? receive : written
    if (!Number.isFinite(stamp)) return
    this.#stamped++
    if (this.#oneClock) {
      const delay = receive - stamp
      this.#delaySum += delay
      this.#delayMax = Math.max(this.#delayMax, delay)
      if (delay > this.#robot.maxWait) this.#late.add(stamp, delay)
      if (delay < 0) this.#future.add(stamp, -delay)
    }
    if (stamp > this.#last) {
      const step = stamp - this.#last
      const most = this.#longestGap
      if (most !== undefined && Number.isFinite(step) && step > most) this.#gaps.add(this.#last, step)
      this.#first = Math.min(this.#first, stamp)
      this.#last = stamp
    } else if (stamp === this.#last) {
      this.#duplicates.add(stamp, 0)
    } else {
      this.#outOfOrder.add(stamp, this.#last - stamp)
      this.#first = Math.min(this.#first, stamp)
    }
  }

  summary() {
    const stamped = this.#stamped
    return {
      count: this.#count,
      rateHz: meanRate(stamped, this.#first, this.#last),
      delayMs:
        stamped > 0 && this.#oneClock ? { mean: this.#delaySum / stamped / 1e6, max: this.#delayMax / 1e6 } : undefined,
      largestGapMs: this.#gaps.count > 0 ? this.#gaps.worst / 1e6 : undefined,
    }
  }

  findings(): Finding[] {
    const { name, align, topic, type, tare } = this.#stream
    const found: Finding[] = []
    const say = (kind: FindingKind, text: string, tally?: Tally): void => {
      found.push(finding(name, kind, text, tally?.count, tally?.stamps))
    }
    if (this.#count === 0) {
      if (kindOf(type) !== 'event') say('missing', `${topic} has no messages`)
      return found
    }
    const unstamped = this.#dropped.zero_stamp
    if (unstamped > 0) {
      found.push(
        finding(
          name,
          'unstamped',
          `${unstamped} of ${this.#count} messages have no stamp; say timeline: receive`,
          unstamped,
        ),
      )
    }
    const { rateHz } = this.summary()
    const step = strategyOf(align).longestStep?.(align)
    if (this.#stamped > 0 && step !== undefined && rateHz * step < 1e9 * (1 - 1e-6)) {
      say('slow', `${hz(rateHz)}; ${align.strategy} needs ${hz(1e9 / step)} (a sample every ${ms(step)})`)
    }
    if (this.#stamped > 0 && tare > 0 && this.#last - this.#first <= tare)
      say('missing', `nothing is left after the tare of ${ms(tare)}`)
    const most = this.#longestGap
    if (this.#gaps.count > 0 && most !== undefined) {
      say('gap', `${times(this.#gaps.count, 'gap')} over ${ms(most)}, the widest ${ms(this.#gaps.worst)}`, this.#gaps)
    }
    if (this.#late.count > 0) {
      const { count, worst } = this.#late
      const limit = `${ms(this.#robot.maxWait)} (max_wait)`
      say(
        'late',
        `${count} of ${this.#count} received over ${limit} after their stamp, at most ${ms(worst)}`,
        this.#late,
      )
    }
    if (this.#outOfOrder.count > 0) {
      say(
        'out_of_order',
        `${this.#outOfOrder.count} out of stamp order, by at most ${ms(this.#outOfOrder.worst)}`,
        this.#outOfOrder,
      )
    }
    if (this.#duplicates.count > 0)
      say('duplicate', `${times(this.#duplicates.count, 'stamp')} seen twice`, this.#duplicates)
    if (this.#future.count > 0) {
      const { count, worst } = this.#future
      say(
        'future',
        `${count} received before their stamp, by at most ${ms(worst)}; clock: estimate mends that`,
        this.#future,
      )
    }
    const others = Object.entries(occurred(this.#dropped)).filter(([reason]) => !NOT_REPORTED.has(reason))
    const count = others.reduce((sum, [, of]) => sum + of, 0)
    // Where every sample is dropped, the finding `lost` gives the reason.
    if (count > 0 && count < this.#count) {
      found.push(
        finding(
          name,
          'dropped',
          `${count} of ${this.#count} messages are dropped: ` +
            `${others.map(([reason, of]) => `${reason} ${of}`).join(', ')}`,
          count,
        ),
      )
    }
    return found
  }
}

const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
export const hz = (rate: number): string => `${Number(rate.toPrecision(4))} Hz`
