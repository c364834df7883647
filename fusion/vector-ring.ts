import { APPENDED, DUPLICATE, StampRing, type Placed } from './ring.js'

/** Most samples with one stamp that are kept. A source may repeat one stamp for ever. */
const MOST = 4096

/**
 * Vectors of one width by ascending stamp. Samples with the same stamp are in the order of their arrival. Inserting
 * allocates nothing, except when the ring grows to cover its retention.
 *
 * A sample is a duplicate where stamp and values equal those of another one. But some drivers read several samples at
 * once and give all of them the time of reading. Two samples with one stamp and different values show such bursts. From
 * then on every sample counts, equal ones too, and the duplicates of the burst that has shown it are put back. A sample
 * that is out of order and equal to another one stays a duplicate. So does every further sample of a stamp that has
 * 4096.
 */
export class VectorRing extends StampRing {
  readonly width: number
  /** Number of duplicates that the latest insertion has put back as samples of a burst. */
  restored = 0
  #values: Float64Array
  #bursts = false
  /** Number of duplicates of the newest sample so far. */
  #repeats = 0

  constructor(width: number, retention: number, capacity = 1024) {
    super(capacity, retention)
    this.width = width
    this.#values = new Float64Array(width * capacity)
  }

  /**
   * Samples that come in the order of their stamps cannot change the ring up to this stamp any more. For a source of
   * bursts it lies just before the newest stamp.
   */
  get settled(): number {
    return this.#bursts ? this.newest - 1 : this.newest
  }

  insert(stamp: number, values: ArrayLike<number>): Placed {
    this.restored = 0
    const index = this.place(stamp)
    if (index >= 0) {
      if (this.placed === APPENDED) this.#repeats = 0
      const offset = this.slot(index) * this.width
      for (let k = 0; k < this.width; k++) this.#values[offset + k] = values[k] as number
    } else if (this.placed === DUPLICATE) this.#share(stamp, values)
    return this.placed
  }

  /** A new source may follow, which has not shown bursts. */
  forget(): void {
    this.#bursts = false
  }

  override clear(): void {
    super.clear()
    this.#repeats = 0
    this.restored = 0
  }

  /** Inserts a sample with a stamp that is already there behind the others, unless it is a duplicate. */
  #share(stamp: number, values: ArrayLike<number>): void {
    if (this.after(stamp) - this.after(stamp - 1) >= MOST) return
    const atNewest = stamp === this.newest
    if (!atNewest || !this.#bursts) {
      for (let i = this.after(stamp) - 1; i >= 0 && this.stampAt(i) === stamp; i--) {
        if (!this.#equals(i, values)) continue
        if (atNewest && this.#repeats < MOST - 2) this.#repeats++
        return
      }
      this.#bursts = true
      if (atNewest) this.#restore(stamp)
    }
    const index = this.place(stamp, true)
    if (index < 0) return
    const offset = this.slot(index) * this.width
    for (let k = 0; k < this.width; k++) this.#values[offset + k] = values[k] as number
  }

  /** Puts the duplicates of the newest sample back. */
  #restore(stamp: number): void {
    this.restored = this.#repeats
    this.#repeats = 0
    for (let n = 0; n < this.restored; n++) {
      const index = this.place(stamp, true)
      if (index > 0) this.move(this.slot(index - 1), this.slot(index))
    }
  }

  #equals(index: number, values: ArrayLike<number>): boolean {
    const offset = this.slot(index) * this.width
    for (let k = 0; k < this.width; k++) if (this.#values[offset + k] !== values[k]) return false
    return true
  }

  valueAt(index: number, axis: number): number {
    return this.#values[this.slot(index) * this.width + axis] as number
  }

  copyAt(index: number, out: Float64Array): Float64Array {
    const offset = this.slot(index) * this.width
    for (let k = 0; k < this.width; k++) out[k] = this.#values[offset + k] as number
    return out
  }

  /**
   * The array of all values, for loops over axes; `offsetAt` gives the place of a sample in it. Valid until the next
   * insertion.
   */
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
