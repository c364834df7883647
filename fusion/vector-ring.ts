import { APPENDED, DUPLICATE, StampRing, type Placed } from './ring.js'

/** Samples of one stamp that are kept, at most: a source whose stamp stands still is no burst without end. */
const MOST = 4096

/**
 * Vectors of one width by ascending stamp, those of one stamp in the order of their arrival. Inserting makes no object
 * except when the ring grows to cover its retention.
 *
 * A duplicate is the same stamp with the same values. A source that has shown two samples of one stamp with different
 * values comes in bursts (a driver that reads several at once and stamps all of them with the time of reading): from
 * then on each of its samples counts, equal ones too, and those of the burst in which it showed are taken back. Out of
 * stamp order a sample with the same stamp and values stays a duplicate, and so does what comes of a stamp that has
 * 4096 already.
 */
export class VectorRing extends StampRing {
  readonly width: number
  /** Duplicates of the newest sample that the insertion before has shown to be samples of a burst. */
  restored = 0
  #values: Float64Array
  #bursts = false
  /** Duplicates of the newest sample so far. */
  #repeats = 0

  constructor(width: number, retention: number, capacity = 1024) {
    super(capacity, retention)
    this.width = width
    this.#values = new Float64Array(width * capacity)
  }

  /**
   * The stamp up to which samples that come in stamp order can change nothing any more: of a source of bursts, what
   * lies before its newest.
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

  /** The next source may be another one, which has shown no burst. */
  forget(): void {
    this.#bursts = false
  }

  override clear(): void {
    super.clear()
    this.#repeats = 0
    this.restored = 0
  }

  /** Of a stamp that is there already: puts it behind the others, unless it is a duplicate. */
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

  /** Puts the repeats of the newest sample back. */
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
