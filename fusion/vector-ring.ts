import { StampRing, type Placed } from './ring.js'

/** Vectors of one width by ascending stamp. Inserting makes no object except when the ring grows to cover its retention. */
export class VectorRing extends StampRing {
  readonly width: number
  #values: Float64Array

  constructor(width: number, retention: number, capacity = 1024) {
    super(capacity, retention)
    this.width = width
    this.#values = new Float64Array(width * capacity)
  }

  insert(stamp: number, values: ArrayLike<number>): Placed {
    const index = this.place(stamp)
    if (index >= 0) {
      const offset = this.slot(index) * this.width
      for (let k = 0; k < this.width; k++) this.#values[offset + k] = values[k] as number
    }
    return this.placed
  }

  valueAt(index: number, axis: number): number {
    return this.#values[this.slot(index) * this.width + axis] as number
  }

  copyAt(index: number, out: Float64Array): Float64Array {
    const offset = this.slot(index) * this.width
    for (let k = 0; k < this.width; k++) out[k] = this.#values[offset + k] as number
    return out
  }

  /** The backing store and the place of a sample in it, for loops over axes; valid until the next insertion. */
  get values(): Float64Array {
    return this.#values
  }

  offsetAt(index: number): number {
    return this.slot(index) * this.width
  }

  protected override move(from: number, to: number): void {
    this.#values.copyWithin(to * this.width, from * this.width, (from + 1) * this.width)
  }

  protected override resize(capacity: number): void {
    const values = new Float64Array(capacity * this.width)
    for (let i = 0; i < this.size; i++) {
      const offset = this.slot(i) * this.width
      values.set(this.#values.subarray(offset, offset + this.width), i * this.width)
    }
    this.#values = values
  }
}
