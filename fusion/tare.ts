import type { VectorRing } from './vector-ring.js'

/**
 * The constant part of a vector stream. It is the mean of the samples with stamps before first + length, where `first`
 * is the stamp of the first sample that arrives. It is known with the first sample at or after that.
 */
export class Tare {
  readonly #length: number
  readonly #bias: Float64Array
  #first = NaN
  #known = false

  /** @param length ns; 0: the constant is 0 and known from the start. */
  constructor(width: number, length: number) {
    this.#length = length
    this.#bias = new Float64Array(width)
    this.restart()
  }

  get bias(): Float64Array {
    return this.#bias
  }

  /** Whether the constant is known. */
  get known(): boolean {
    return this.#known
  }

  restart(): void {
    this.#bias.fill(0)
    this.#first = NaN
    this.#known = this.#length === 0
  }

  /** Whether a sample at `stamp` belongs to the tare. The first call sets `first`. */
  covers(stamp: number): boolean {
    if (this.#length === 0) return false
    if (Number.isNaN(this.#first)) this.#first = stamp
    return stamp < this.#first + this.#length
  }

  /** Computes the constant from the collected samples. */
  settle(collected: VectorRing): void {
    const bias = this.#bias
    bias.fill(0)
    for (let axis = 0; axis < bias.length; axis++) {
      let sum = 0
      for (let i = 0; i < collected.size; i++) sum += collected.valueAt(i, axis)
      bias[axis] = collected.size > 0 ? sum / collected.size : 0
    }
    this.#known = true
  }
}
