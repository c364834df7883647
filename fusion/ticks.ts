import { SECOND } from './stamp.js'

/** Reference ticks that wait to be emitted, by ascending stamp, with the receive time of their arrival. */
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

  /** The earliest arrival of any waiting tick: a tick is given up no later than the first one behind it that is. */
  get firstArrival(): number {
    let first = Infinity
    for (let i = 0; i < this.#arrivals.length; i++) first = Math.min(first, this.#arrivals[i] as number)
    return first
  }

  /** False when a tick with this stamp waits already. */
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

  /** Empties the queue and returns how many waited. */
  clear(): number {
    const waiting = this.#stamps.length
    this.#stamps.length = 0
    this.#arrivals.length = 0
    return waiting
  }
}

/** A gap of all streams longer than this has no ticks in it. */
const LONGEST_GAP = SECOND

/**
 * Ticks at a fixed period: origin + round(n * period). The origin is the stamp of the first accepted sample of the
 * first declared stream. A tick arrives with the first accepted sample of any stream at or after it.
 */
export class Metronome {
  readonly #period: number
  #origin = NaN
  #next = 0
  #newest = -Infinity

  constructor(period: number) {
    this.#period = period
  }

  /**
   * Takes note of an accepted sample; `first`: it is of the first declared stream. Calls `tick` for each tick that
   * arrives with it and returns the number of ticks skipped because nothing was heard for longer than a second.
   */
  hear(stamp: number, first: boolean, tick: (stamp: number) => void): number {
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
