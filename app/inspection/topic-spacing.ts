import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { headerTime } from '../../middleware/cdr/header-stamp.js'
import { stampOf } from '../../middleware/cdr/ros-time.js'

/**
 * Messages a second between the first and the last message of a topic (ns). The length of the recording does not
 * matter. 0 where the two are at the same time.
 */
export function meanRate(count: number, first: number, last: number): number {
  return count > 1 && last > first ? (count - 1) / ((last - first) / 1e9) : 0
}

/**
 * Rate and largest gap of one topic's messages, by their stamps where the type has a header, else by their receive
 * times. All times are in ns.
 */
export class TopicSpacing {
  readonly #timeOf: ReturnType<typeof headerTime>
  /** The second of the first stamp, absolute, of whatever clock the stamps are. */
  #epochSec: number | undefined
  #count = 0
  #stamped = 0
  #first = Infinity
  #last = -Infinity
  #gap = 0

  constructor(type: string) {
    this.#timeOf = headerTime(type)
  }

  add(message: BagMessage): void {
    this.#count++
    const stamp = this.#time(message)
    if (stamp === undefined) return
    if (!Number.isFinite(stamp)) {
      // Where the first stamp is decades from the second, the epoch is set anew.
      if (this.#stamped === 1) this.#epochSec = undefined
      return
    }
    this.#stamped++
    if (this.#last !== -Infinity) this.#gap = Math.max(this.#gap, stamp - this.#last)
    this.#first = Math.min(this.#first, stamp)
    this.#last = Math.max(this.#last, stamp)
  }

  /** `largestGapMs` is null with fewer than two stamps, or for a type without a header. */
  summary(): { count: number; rateHz: number; largestGapMs: number | null } {
    return {
      count: this.#count,
      rateHz: meanRate(this.#stamped, this.#first, this.#last),
      largestGapMs: this.#timeOf && this.#stamped > 1 ? this.#gap / 1e6 : null,
    }
  }

  /** The message's time. Undefined: it has no stamp, or it is too short to have one. */
  #time({ receive, data }: BagMessage): number | undefined {
    if (!this.#timeOf) return receive
    try {
      const { sec, nanosec } = this.#timeOf(data)
      if (sec === 0 && nanosec === 0) return undefined
      return stampOf(sec, nanosec, (this.#epochSec ??= sec - 1))
    } catch {
      return undefined
    }
  }
}

/** The spacing of every topic of a bag that is being read. */
export class BagSpacing {
  readonly #bag: Bag
  readonly #spacings: ReadonlyMap<string, TopicSpacing>

  constructor(bag: Bag) {
    this.#bag = bag
    this.#spacings = new Map(bag.topics.map(({ name, type }) => [`${name} ${type}`, new TopicSpacing(type)]))
  }

  add(message: BagMessage): void {
    this.#spacings.get(`${message.topic} ${message.type}`)?.add(message)
  }

  /** In the order of the bag's topics. */
  topics(): readonly (readonly [name: string, { type: string } & ReturnType<TopicSpacing['summary']>])[] {
    return this.#bag.topics.flatMap(({ name, type }) => {
      const spacing = this.#spacings.get(`${name} ${type}`)
      return spacing ? [[name, { type, ...spacing.summary() }] as const] : []
    })
  }
}
