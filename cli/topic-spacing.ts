import type { BagMessage } from '../middleware/bag/bag.js'
import { headerStamp } from '../middleware/cdr/header-stamp.js'

/** How densely one topic's messages lie: by their stamps where the type has a header, else by their receive times. All ns. */
export class TopicSpacing {
  readonly #stampOf: ((bytes: Uint8Array, epochSec: number) => number) | undefined
  readonly #epochSec: number
  #count = 0
  #stamped = 0
  #first = Infinity
  #last = -Infinity
  #gap = 0

  constructor(type: string, epochSec: number) {
    this.#stampOf = headerStamp(type)
    this.#epochSec = epochSec
  }

  add(message: BagMessage): void {
    this.#count++
    const stamp = this.#time(message)
    if (stamp === undefined) return
    this.#stamped++
    if (this.#last !== -Infinity) this.#gap = Math.max(this.#gap, stamp - this.#last)
    this.#first = Math.min(this.#first, stamp)
    this.#last = Math.max(this.#last, stamp)
  }

  /** `largestGapMs` null: fewer than two stamps, or a type without a header. */
  summary(): { count: number; rateHz: number; largestGapMs: number | null } {
    const span = this.#last - this.#first
    return {
      count: this.#count,
      rateHz: this.#stamped > 1 && span > 0 ? (this.#stamped - 1) / (span / 1e9) : 0,
      largestGapMs: this.#stampOf && this.#stamped > 1 ? this.#gap / 1e6 : null,
    }
  }

  /** Undefined: no stamp was written, or the message is too short to have one. */
  #time({ receive, data }: BagMessage): number | undefined {
    if (!this.#stampOf) return receive
    try {
      const stamp = this.#stampOf(data, this.#epochSec)
      return stamp === 0 ? undefined : stamp
    } catch {
      return undefined
    }
  }
}
