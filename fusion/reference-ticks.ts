import { SECOND } from './stamp.js'

/** Reference ticks that wait to be emitted, by ascending stamp, each with the receive time of its arrival (ns). */
export class TickQueue {
  readonly #stamps: number[] = []
  readonly #arrivals: number[] = []

  get size(): number {
    return this.#stamps.length
  }

  get stamp(): number {
    return this.#stamps[0] ?? Infinity
  }

  get arrival(): number {
    return this.#arrivals[0] ?? Infinity
  }

  /**
   * The earliest arrival of all waiting ticks. A tick with a later stamp may have arrived earlier; its deadline then
   * also ends the wait of the ticks before it.
   */
  get firstArrival(): number {
    let first = Infinity
    for (let i = 0; i < this.#arrivals.length; i++) first = Math.min(first, this.#arrivals[i] as number)
    return first
  }

  /** Adds a tick. False when a tick with this stamp is already waiting. */
  insert(stamp: number, arrival: number): boolean {
    let at = this.#stamps.length
    while (at > 0 && (this.#stamps[at - 1] as number) > stamp) at--
    if (at > 0 && this.#stamps[at - 1] === stamp) return false
    this.#stamps.splice(at, 0, stamp)
    this.#arrivals.splice(at, 0, arrival)
    return true
  }

  shift(): void {
    this.#stamps.shift()
    this.#arrivals.shift()
  }

  /** Empties the queue and returns how many ticks waited. */
  clear(): number {
    const waiting = this.#stamps.length
    this.#stamps.length = 0
    this.#arrivals.length = 0
    return waiting
  }
}

/** A gap of all streams that is longer than this (ns) gets no ticks. */
const LONGEST_GAP = SECOND

/**
 * Ticks at a fixed period: origin + round(n * period), ns. The origin is the stamp of the first accepted sample of the
 * first stream that is none of events (`referenceOf`). A tick arrives with the first accepted sample of any stream at or after it.
 */
export class PeriodicTicks {
  readonly #period: number
  #origin = NaN
  #next = 0
  #newest = -Infinity

  constructor(period: number) {
    this.#period = period
  }

  /**
   * Adds an accepted sample. `first`: it is of the stream with the origin. Calls `tick` for each tick that arrives with
   * it. Returns the number of ticks that are skipped because no stream sent anything for longer than a second.
   */
  add(stamp: number, first: boolean, tick: (stamp: number) => void): number {
    if (Number.isNaN(this.#origin)) {
      if (stamp > this.#newest) this.#newest = stamp
      if (!first) return 0
      this.#origin = stamp
      this.#next = 0
    } else if (stamp <= this.#newest) return 0
    else this.#newest = stamp
    let skipped = 0
    if (this.#newest - this.#at(this.#next) > LONGEST_GAP) {
      const next = Math.ceil((this.#newest - LONGEST_GAP - this.#origin) / this.#period)
      skipped = Math.max(0, next - this.#next)
      this.#next += skipped
    }
    for (; this.#at(this.#next) <= this.#newest; this.#next++) tick(this.#at(this.#next))
    return skipped
  }

  clear(): void {
    this.#origin = NaN
    this.#newest = -Infinity
  }

  #at(n: number): number {
    return this.#origin + Math.round(n * this.#period)
  }
}
