import type { Limits } from '../contract/limits.js'

/** Brings the values of an input to the ends of their ranges, in place. A NaN stays one. */
export class Clamp {
  readonly #least: Float64Array
  readonly #most: Float64Array

  constructor(limits: Limits) {
    this.#least = Float64Array.from(limits, range => range?.[0] ?? -Infinity)
    this.#most = Float64Array.from(limits, range => range?.[1] ?? Infinity)
  }

  /** @param values as many as there are limits, in SI units. */
  apply(values: Float32Array | Float64Array): void {
    for (let i = 0; i < values.length; i++) values[i] = Math.min(this.#most[i]!, Math.max(this.#least[i]!, values[i]!))
  }
}
