import { SECOND } from './stamp.js'
import { DISORDER } from './step-back.js'

/** One minimum of the delay is kept for each such span of source time (ns). */
const BUCKET = SECOND
/** Number of minima that are kept. */
const BUCKETS = 64
/** A source whose clock steps back by more than this (ns) has been restarted. */
const RESTART = DISORDER

/**
 * Estimates offset and drift of a source's clock by the minimum delay. Each sample is a point (source stamp, receive -
 * source stamp). Of all lines below the points, the one closest to them is taken; it is an edge of their lower convex
 * hull (Moon, Skelly, Towsley, "Estimation and removal of clock skew from network delay measurements", INFOCOM 1999).
 * The smallest transport delay cannot be told from the offset, so it counts as zero. A corrected stamp is never later
 * than the arrival of its sample. Times in ns.
 */
export class ClockModel {
  readonly #x = new Float64Array(BUCKETS)
  readonly #y = new Float64Array(BUCKETS)
  readonly #hull = new Int32Array(BUCKETS)
  #size = 0
  #bucket = NaN
  #offset = 0
  #drift = 0
  #anchor = 0
  #lastRaw = -Infinity
  #lastCorrected = -Infinity

  /** Estimated drift: seconds that our clock gains on the source's clock per second. */
  get drift(): number {
    return this.#drift
  }

  reset(): void {
    this.#size = 0
    this.#bucket = NaN
    this.#drift = 0
    this.#lastRaw = -Infinity
    this.#lastCorrected = -Infinity
  }

  /** The stamp on our clock, in whole ns. Ascending stamps stay strictly ascending as long as `receive` allows it. */
  correct(stamp: number, receive: number): number {
    // All samples of one burst keep one stamp.
    if (stamp === this.#lastRaw) return this.#lastCorrected
    if (stamp < this.#lastRaw - RESTART) this.reset()
    this.#learn(stamp, receive - stamp)
    let corrected = Math.min(receive, Math.round(stamp + this.#offset + this.#drift * (stamp - this.#anchor)))
    if (stamp > this.#lastRaw) {
      corrected = Math.min(receive, Math.max(corrected, this.#lastCorrected + 1))
      this.#lastRaw = stamp
      this.#lastCorrected = corrected
    }
    return corrected
  }

  #learn(x: number, y: number): void {
    const bucket = Math.floor(x / BUCKET)
    if (Number.isNaN(this.#bucket)) {
      this.#anchor = x
      this.#offset = y
    }
    if (Number.isNaN(this.#bucket) || bucket > this.#bucket) {
      if (this.#size === BUCKETS) {
        this.#x.copyWithin(0, 1)
        this.#y.copyWithin(0, 1)
        this.#size--
      }
      this.#bucket = bucket
      this.#x[this.#size] = x
      this.#y[this.#size] = y
      this.#size++
      this.#fit()
    } else {
      const last = this.#size - 1
      if (bucket === this.#bucket && y < (this.#y[last] as number)) {
        this.#x[last] = x
        this.#y[last] = y
        if (y < this.#offset + this.#drift * (x - this.#anchor)) this.#fit()
      }
    }
  }

  /** Fits the line: the hull's edge over the mean source time. */
  #fit(): void {
    const x = this.#x
    const y = this.#y
    const hull = this.#hull
    let top = 0
    let mean = 0
    for (let i = 0; i < this.#size; i++) {
      mean += ((x[i] as number) - (x[0] as number)) / this.#size
      while (top > 1 && this.#above(hull[top - 2] as number, hull[top - 1] as number, i)) top--
      hull[top++] = i
    }
    mean += x[0] as number
    let edge = 1
    while (edge < top - 1 && (x[hull[edge] as number] as number) < mean) edge++
    const a = hull[Math.max(0, edge - 1)] as number
    const b = hull[Math.min(edge, top - 1)] as number
    this.#anchor = x[a] as number
    this.#offset = y[a] as number
    // Minima of one or two seconds are too few to estimate a drift.
    this.#drift =
      this.#size > 4 && b !== a ? ((y[b] as number) - (y[a] as number)) / ((x[b] as number) - (x[a] as number)) : 0
    if (this.#drift === 0) {
      for (let i = 0; i < this.#size; i++) this.#offset = Math.min(this.#offset, y[i] as number)
    }
  }

  /** Whether point `b` lies on or above the line from `a` to `c`. */
  #above(a: number, b: number, c: number): boolean {
    const ax = this.#x[a] as number
    const ay = this.#y[a] as number
    return (
      ((this.#x[b] as number) - ax) * ((this.#y[c] as number) - ay) <=
      ((this.#y[b] as number) - ay) * ((this.#x[c] as number) - ax)
    )
  }
}
