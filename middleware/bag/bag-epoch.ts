const SECOND = 1_000_000_000n
/** How long before the first receive time a bag's epoch lies, s. */
const MARGIN = 3600
/** 2^53 ns hold 104 days on either side of the epoch; a bag's messages lie within 100 days of each other. */
const DAY = 86_400
const REACH = 100

/** A receive time in whole ns since an epoch, and as it was written where no exact number can say it. */
export interface LogTime {
  /** -Infinity or Infinity: over 104 days from the epoch. */
  readonly receive: number
  /** Absolute ns. */
  readonly written?: bigint
}

/** The zero of a bag's receive times: a whole second. Absolute 64-bit ns go in and out without losing one. */
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
   * The epoch of a bag whose first message was received at `start` (absolute ns): an hour before, so that what the
   * bag's clock tells is never 0.
   */
  static before(start: bigint): BagEpoch {
    return new BagEpoch(Number(start / SECOND) - MARGIN)
  }

  /** Of an absolute time given as two unsigned 32-bit halves; allocates nothing where a number can say it. */
  since(low: number, high: number): number {
    const receive = (high - this.#high) * 4_294_967_296 + (low - this.#low)
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  sinceBig(ns: bigint): number {
    const receive = Number(ns - this.#zero)
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  sinceTime(sec: number, nanosec: number): number {
    const receive = (sec - this.sec) * 1_000_000_000 + nanosec
    return Number.isSafeInteger(receive) ? receive : receive < 0 ? -Infinity : Infinity
  }

  absolute({ receive, written }: LogTime): bigint {
    return written ?? this.#zero + BigInt(receive)
  }
}

/**
 * First and last receive time (absolute ns) of those messages that lie within 100 days of the day on which most were
 * received. A recorder whose clock was not set yet, or was set wrong, writes times that are decades away: they are not
 * what the bag's time is told by.
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

  /** Whether no two messages from `start` to `end` can lie too far apart. */
  static isNarrow(start: bigint, end: bigint): boolean {
    return end - start < BigInt((REACH / 2) * DAY) * SECOND
  }

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
