import { Tare } from '../../fusion/tare.js'
import { VectorRing } from '../../fusion/vector-ring.js'

/**
 * Subtracts the tare from each sample of a vector stream, as the aligner does, for users that look at each sample.
 * Allocates nothing per sample.
 */
export class TaredVector {
  /** The newest sample minus the offset. Valid once `take` has returned true. */
  readonly values: Float64Array
  readonly #tare: Tare
  readonly #collected: VectorRing

  /** `length`: ns over which the offset is averaged; 0: nothing is subtracted. */
  constructor(width: number, length: number) {
    this.values = new Float64Array(width)
    this.#tare = new Tare(width, length)
    this.#collected = new VectorRing(width, length)
  }

  /** Whether the offset is known. */
  get known(): boolean {
    return this.#tare.known
  }

  /** The next sample begins a new offset. */
  restart(): void {
    this.#collected.clear()
    this.#tare.restart()
  }

  /** Takes a sample. False while it belongs to the offset. */
  take(stamp: number, sample: Float64Array): boolean {
    if (this.#tare.covers(stamp)) {
      if (!this.#tare.known) this.#collected.insert(stamp, sample)
      return false
    }
    if (!this.#tare.known) this.#tare.settle(this.#collected)
    const { bias } = this.#tare
    for (let i = 0; i < this.values.length; i++) this.values[i] = sample[i]! - bias[i]!
    return true
  }
}
