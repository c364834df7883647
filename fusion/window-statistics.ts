import type { VectorRing } from './vector-ring.js'

/**
 * Number of statistics of a window. Their order is that of the force pyramid: mean, population standard deviation,
 * largest |value|, slope per second.
 */
export const STATISTICS = 4

/**
 * Numbers at the head of an aggregate that all axes share: count, mean time (s after the origin), sum of squared time
 * deviations.
 */
const SHARED = 3
/** Numbers per axis: mean, sum of squared deviations, sum of time times value deviations, largest |value|. */
const PER_AXIS = 4

/**
 * Statistics over the samples of a ring with stamps in (from, to]. It is fast where `from` and `to` ascend from query
 * to query.
 *
 * The method is sliding-window aggregation by two stacks (Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window
 * aggregation in worst-case constant time", 2017, section 2). The front stack holds the aggregate of each suffix of the
 * older part. The back stack is one aggregate of the newer part. A sample enters an aggregate at most twice, whatever
 * the length of the window. Nothing is ever subtracted, so no rounding error outlives the window. Aggregates are joined
 * by the pairwise formulas of Chan, Golub and LeVeque (1979), which stay accurate under a large offset.
 */
export class SlidingWindow {
  readonly #ring: VectorRing
  readonly #axes: number
  readonly #stride: number
  /** Slot s has the aggregate of samples [mid - 1 - s, mid). */
  #front: Float64Array
  readonly #back: Float64Array
  readonly #joined: Float64Array
  /**
   * Sample numbers (ring.base + index): the window is [lo, hi), its front stack is [lo, mid), its back stack is [mid,
   * hi).
   */
  #lo = 0
  #mid = 0
  #hi = 0
  /** ns. Times in aggregates count from here, so that they keep their digits. */
  #origin = 0
  #from = -Infinity
  #to = -Infinity
  #stale = true

  /** Number of queries that could not continue from the one before, so that the whole window was computed anew. */
  rebuilds = 0

  constructor(ring: VectorRing) {
    this.#ring = ring
    this.#axes = ring.width
    this.#stride = SHARED + PER_AXIS * ring.width
    this.#front = new Float64Array(this.#stride * 64)
    this.#back = new Float64Array(this.#stride)
    this.#joined = new Float64Array(this.#stride)
  }

  /**
   * A sample was inserted out of order. Where the window has already covered its stamp, the next query computes it
   * anew.
   */
  disturb(stamp: number): void {
    if (stamp <= this.#to) this.#stale = true
  }

  clear(): void {
    this.#stale = true
    this.#to = -Infinity
    this.#from = -Infinity
  }

  /** Moves the window to (from, to] and returns the number of samples in it. */
  move(from: number, to: number): number {
    const ring = this.#ring
    const lo = ring.base + ring.after(from)
    const hi = ring.base + ring.after(to)
    if (this.#stale || from < this.#from || to < this.#to) {
      if (this.#to !== -Infinity) this.rebuilds++
      this.#stale = false
      this.#restart(lo)
    } else if (lo >= this.#hi) {
      this.#restart(lo)
    } else if (lo > this.#mid) {
      this.#flip(lo)
    } else {
      this.#lo = lo
    }
    this.#from = from
    this.#to = to
    const back = this.#back
    for (; this.#hi < hi; this.#hi++) {
      const index = this.#hi - ring.base
      this.#admit(back, 0, back, 0, (ring.stampAt(index) - this.#origin) * 1e-9, ring.values, ring.offsetAt(index))
    }
    this.#join()
    return this.#joined[0] as number
  }

  get count(): number {
    return this.#joined[0] as number
  }

  mean(axis: number): number {
    return this.#joined[SHARED + PER_AXIS * axis] as number
  }

  /**
   * Writes mean, population standard deviation, largest |value| and slope per second of an axis to out[offset … offset
   * + 3]. All are 0 for an empty window.
   */
  statistics(axis: number, out: Float64Array, offset: number): void {
    const all = this.#joined
    const at = SHARED + PER_AXIS * axis
    const count = all[0] as number
    const times = all[2] as number
    out[offset] = all[at] as number
    out[offset + 1] = count > 0 ? Math.sqrt((all[at + 1] as number) / count) : 0
    out[offset + 2] = all[at + 3] as number
    out[offset + 3] = count > 1 && times > 0 ? (all[at + 2] as number) / times : 0
  }

  #restart(lo: number): void {
    this.#lo = lo
    this.#mid = lo
    this.#hi = lo
    this.#back.fill(0)
    const index = lo - this.#ring.base
    this.#origin = index < this.#ring.size ? this.#ring.stampAt(index) : 0
  }

  /** Moves the samples [lo, hi) to the front stack. */
  #flip(lo: number): void {
    const ring = this.#ring
    const stride = this.#stride
    const count = this.#hi - lo
    if (count * stride > this.#front.length) {
      let slots = this.#front.length / stride
      while (slots < count) slots *= 2
      this.#front = new Float64Array(slots * stride)
    }
    this.#origin = ring.stampAt(lo - ring.base)
    const none = this.#back
    none.fill(0)
    const front = this.#front
    for (let s = 0; s < count; s++) {
      const index = this.#hi - 1 - s - ring.base
      const time = (ring.stampAt(index) - this.#origin) * 1e-9
      if (s === 0) this.#admit(none, 0, front, 0, time, ring.values, ring.offsetAt(index))
      else this.#admit(front, (s - 1) * stride, front, s * stride, time, ring.values, ring.offsetAt(index))
    }
    this.#lo = lo
    this.#mid = this.#hi
  }

  /** Adds one sample to the aggregate at `a` and writes the result to `b`. */
  #admit(
    a: Float64Array,
    ai: number,
    b: Float64Array,
    bi: number,
    time: number,
    values: Float64Array,
    vi: number,
  ): void {
    const before = a[ai] as number
    const count = before + 1
    const share = 1 / count
    const weight = before * share
    const dt = time - (a[ai + 1] as number)
    b[bi] = count
    b[bi + 1] = (a[ai + 1] as number) + dt * share
    b[bi + 2] = (a[ai + 2] as number) + dt * dt * weight
    for (let k = 0; k < this.#axes; k++) {
      const at = SHARED + PER_AXIS * k
      const value = values[vi + k] as number
      const mean = a[ai + at] as number
      const delta = value - mean
      const size = value < 0 ? -value : value
      const peak = a[ai + at + 3] as number
      b[bi + at] = mean + delta * share
      b[bi + at + 1] = (a[ai + at + 1] as number) + delta * delta * weight
      b[bi + at + 2] = (a[ai + at + 2] as number) + dt * delta * weight
      b[bi + at + 3] = size > peak ? size : peak
    }
  }

  #join(): void {
    const out = this.#joined
    const back = this.#back
    const stride = this.#stride
    if (this.#lo === this.#mid) {
      out.set(back)
      return
    }
    const front = this.#front
    const fi = (this.#mid - 1 - this.#lo) * stride
    const before = front[fi] as number
    const count = before + (back[0] as number)
    const share = (back[0] as number) / count
    const weight = before * share
    const dt = (back[1] as number) - (front[fi + 1] as number)
    out[0] = count
    out[1] = (front[fi + 1] as number) + dt * share
    out[2] = (front[fi + 2] as number) + (back[2] as number) + dt * dt * weight
    for (let k = 0; k < this.#axes; k++) {
      const at = SHARED + PER_AXIS * k
      const mean = front[fi + at] as number
      const delta = (back[at] as number) - mean
      out[at] = mean + delta * share
      out[at + 1] = (front[fi + at + 1] as number) + (back[at + 1] as number) + delta * delta * weight
      out[at + 2] = (front[fi + at + 2] as number) + (back[at + 2] as number) + dt * delta * weight
      out[at + 3] = Math.max(front[fi + at + 3] as number, back[at + 3] as number)
    }
  }
}
