const SECOND = 1_000_000_000n
/** s by which the epoch of a bag lies before its first receive time. */
const MARGIN = 3600
/** A double holds 2^53 ns exactly: 104 days on either side of the epoch. All messages of a bag lie within 100 days. */
const DAY = 86_400
const REACH = 100

/** A receive time in whole ns since the bag's epoch, and the absolute time when that number is not exact. */
export interface LogTime {
  /** -Infinity or Infinity when the time is more than 104 days from the epoch. */
  readonly receive: number
  /** Absolute ns; set when `receive` is infinite. */
  readonly written?: bigint
}

/** The zero of a bag's receive times, a whole second. 64-bit absolute times convert both ways without loss. */
export class BagEpoch {
  readonly sec: number
  readonly #zero: bigint
  readonly #low: number
  readonly #high: number

  constructor(sec: number) {
    this.sec = sec
    this.#zero = BigInt(sec) * SECOND
    this.#low = Number(this.#zero & 0xffffffffn)
    this.#high = Number(this.#zero >> 32n)
  }

  /**
   * The epoch of a bag whose first message was received at `start` (absolute ns). It lies one hour earlier, so that the
   * bag's clock never shows 0.
   */
  static before(start: bigint): BagEpoch {
    return new BagEpoch(Number(start / SECOND) - MARGIN)
  }

  /** ns since the epoch of an absolute time given as two unsigned 32-bit halves. Allocates nothing. */
  since(low: number, high: number): number {
    const receive = (high - this.#high) * 4_294_967_296 + (low - this.#low)
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  /** ns since the epoch of an absolute time in ns. */
  sinceBig(ns: bigint): number {
    const receive = Number(ns - this.#zero)
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  /** ns since the epoch of a ROS time. */
  sinceTime(sec: number, nanosec: number): number {
    const receive = (sec - this.sec) * 1_000_000_000 + nanosec
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  /** The absolute time in ns. */
  absolute({ receive, written }: LogTime): bigint {
    return written ?? this.#zero + BigInt(receive)
  }
}

/**
 * First and last receive time (absolute ns) of the messages that lie within 100 days around the day with the most
 * messages. A recorder whose clock is not set yet, or set wrong, writes times that are decades away. Such times must
 * not decide where the bag starts and ends.
 */
export class Span {
  readonly #days = new Map<bigint, { count: number; first: bigint; last: bigint }>()

  add(ns: bigint): void {
    const key = ns / (BigInt(DAY) * SECOND)
    const day = this.#days.get(key)
    if (day === undefined) {
      this.#days.set(key, { count: 1, first: ns, last: ns })
      return
    }
    day.count++
    if (ns < day.first) day.first = ns
    if (ns > day.last) day.last = ns
  }

  /** True when the whole range is so short that no message in it can be an outlier. */
  static isNarrow(start: bigint, end: bigint): boolean {
    return end - start < BigInt((REACH / 2) * DAY) * SECOND
  }

  /** Absolute ns; `end < start` without messages. */
  extent(): { start: bigint; end: bigint } {
    let most: { count: number; first: bigint; last: bigint } = { count: 0, first: 1n, last: 0n }
    for (const day of this.#days.values()) if (day.count > most.count) most = day
    let start = most.first
    let end = most.last
    const reach = BigInt((REACH / 2) * DAY) * SECOND
    for (const { first, last } of this.#days.values()) {
      if (first < start && most.first - first <= reach) start = first
      if (last > end && last - most.last <= reach) end = last
    }
    return { start, end }
  }
}
