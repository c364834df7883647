import type { Spread } from './percentiles.js'

/** Percentiles of any number of durations in constant memory: buckets of 0.1 ms up to a second. */
export class Histogram {
  count = 0
  max = 0
  readonly #buckets = new Uint32Array(10_001)

  /** `value`: ms. */
  add(value: number): void {
    this.count++
    this.max = Math.max(this.max, value)
    this.#buckets[Math.min(10_000, Math.max(0, Math.round(value * 10)))]!++
  }

  get spread(): Spread {
    return { p50: this.#rank(0.5), p99: this.#rank(0.99), max: this.max }
  }

  #rank(share: number): number {
    let left = Math.ceil(share * this.count)
    for (let bucket = 0; bucket < this.#buckets.length; bucket++) {
      left -= this.#buckets[bucket]!
      if (left <= 0) return bucket / 10
    }
    return this.max
  }
}
