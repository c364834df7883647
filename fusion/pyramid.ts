import type { VectorRing } from './vector-ring.js'
import { SlidingWindow, STATISTICS } from './window-statistics.js'

/**
 * The feature pyramid: for several window lengths w, the statistics of the trailing window (t - w, t] on each axis. The
 * result is f64[axes * 4 * windows], row-major [axis][4 * window + statistic]. The statistics are mean, population
 * standard deviation, largest absolute value, and least-squares slope per second (0 with fewer than two samples). An
 * empty window is all 0.
 */
export class Pyramid {
  readonly #lengths: readonly number[]
  readonly #windows: readonly SlidingWindow[]
  readonly #axes: number

  /** @param lengths of the windows, ns. */
  constructor(ring: VectorRing, lengths: readonly number[]) {
    this.#lengths = lengths
    this.#windows = lengths.map(() => new SlidingWindow(ring))
    this.#axes = ring.width
  }

  get rebuilds(): number {
    return this.#windows.reduce((sum, window) => sum + window.rebuilds, 0)
  }

  disturb(stamp: number): void {
    for (const window of this.#windows) window.disturb(stamp)
  }

  clear(): void {
    for (const window of this.#windows) window.clear()
  }

  /** The pyramid at `tick`, in a new array. */
  at(tick: number): Float64Array {
    const row = STATISTICS * this.#windows.length
    const out = new Float64Array(this.#axes * row)
    for (let w = 0; w < this.#windows.length; w++) {
      const window = this.#windows[w] as SlidingWindow
      window.move(tick - (this.#lengths[w] as number), tick)
      for (let axis = 0; axis < this.#axes; axis++) window.statistics(axis, out, axis * row + STATISTICS * w)
    }
    return out
  }
}
