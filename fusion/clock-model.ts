import { SECOND } from './stamp.js'
import { DISORDER } from './step-back.js'

/** ns of source time over which one minimum is kept. */
const BUCKET = SECOND
/** Minima remembered. */
const BUCKETS = 64
/** A source whose clock steps back by more than this has started anew. */
const RESTART = DISORDER

/**
 * Offset and drift of a source's clock by minimum delay: of all lines below the points (source stamp, receive - source
 * stamp) the one closest to them, which is an edge of their lower convex hull (Moon, Skelly, Towsley, "Estimation and
 * removal of clock skew from network delay measurements", INFOCOM 1999). The smallest transport delay cannot be told
 * from the offset and counts as zero. A corrected stamp is never later than the arrival of its sample.
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

  /** Seconds gained per second by our clock over the source's, as now estimated. */
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

  /**
   * The stamp on our clock, whole ns. Stamps in ascending order stay in strictly ascending order while `receive` allows
   * it.
   */
  correct(stamp: number, receive: number): number {
    // Samples of one burst stay at one time.
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

  /** The hull's edge over the mean source time. */
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
    // One or two seconds of minima say too little about a drift.
    this.#drift =
      this.#size > 4 && b !== a ? ((y[b] as number) - (y[a] as number)) / ((x[b] as number) - (x[a] as number)) : 0
    if (this.#drift === 0) {
      for (let i = 0; i < this.#size; i++) this.#offset = Math.min(this.#offset, y[i] as number)
    }
  }

  /** Point `b` lies on or above the line from `a` to `c`. */
  #above(a: number, b: number, c: number): boolean {
    const ax = this.#x[a] as number
    const ay = this.#y[a] as number
    return (
      ((this.#x[b] as number) - ax) * ((this.#y[c] as number) - ay) <=
      ((this.#y[b] as number) - ay) * ((this.#x[c] as number) - ax)
    )
  }
}
