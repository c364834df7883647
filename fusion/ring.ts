/** The results of an insertion. */
export const APPENDED = 0
/** The sample was placed before newer ones. */
export const INSERTED = 1
/** The sample was already there. Nothing has changed. */
export const DUPLICATE = 2
/** The ring is full and the sample is older than all others. Nothing has changed. */
export const TOO_OLD = 3
/** There is no room, and no sample is old enough to be removed. Nothing has changed. */
export const FULL = 4
export type Placed = typeof APPENDED | typeof INSERTED | typeof DUPLICATE | typeof TOO_OLD | typeof FULL

/**
 * Stamps in ascending order in a circular, preallocated array. A subclass keeps the payloads in the same slots. A
 * sample is addressed by its index: 0 is the oldest, `size - 1` the newest. `base + index` stays the number of a sample
 * until another one is inserted before it.
 */
export abstract class StampRing {
  /** Number of samples in the ring. */
  size = 0
  /** Number of samples that were removed at the old end since the last clear. */
  base = 0
  /**
   * Stamp of the newest sample; -Infinity when empty. Only the ring writes it. It is a field because a getter may
   * allocate one object per call.
   */
  newest = -Infinity
  protected stamps: Float64Array
  #mask: number
  #head = 0
  protected readonly retention: number

  /**
   * @param capacity a power of two. @param retention ns: a full ring doubles its capacity rather than remove a sample
   * younger than this. 0: it never grows.
   */
  constructor(capacity: number, retention: number) {
    this.stamps = new Float64Array(capacity)
    this.#mask = capacity - 1
    this.retention = retention
  }

  get capacity(): number {
    return this.#mask + 1
  }

  /** Stamp of the oldest sample; Infinity when empty. */
  get oldest(): number {
    return this.size === 0 ? Infinity : this.stampAt(0)
  }

  stampAt(index: number): number {
    return this.stamps[this.slot(index)] as number
  }

  /** Number of samples with a stamp at or before `stamp`. This is also the index of the first sample after it. */
  after(stamp: number): number {
    let low = 0
    let high = this.size
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.stampAt(middle) <= stamp) low = middle + 1
      else high = middle
    }
    return low
  }

  clear(): void {
    this.size = 0
    this.base = 0
    this.newest = -Infinity
    this.#head = 0
  }

  protected slot(index: number): number {
    return (this.#head + index) & this.#mask
  }

  /** Copies a payload from one slot to another. */
  protected abstract move(from: number, to: number): void
  /** Makes room for `capacity` payloads and puts the present ones into slots 0 to size - 1. */
  protected abstract resize(capacity: number): void

  /**
   * Makes a place for a sample. Returns its index, where the caller writes the payload, or -1 where it gets no place;
   * `placed` says why. `again`: a sample with a stamp that is already there goes behind those that have it; without it,
   * such a sample is a duplicate.
   */
  protected place(stamp: number, again = false): number {
    if (this.size === 0 || stamp > this.newest || (again && stamp === this.newest)) {
      if (this.size === this.capacity) this.#makeRoom(stamp)
      this.stamps[this.slot(this.size)] = stamp
      this.newest = stamp
      this.placed = APPENDED
      return this.size++
    }
    let index = this.after(stamp)
    if (!again && index > 0 && this.stampAt(index - 1) === stamp) {
      this.placed = DUPLICATE
      return -1
    }
    if (this.size === this.capacity) {
      const before = this.size
      this.#makeRoom(this.newest)
      if (this.size < before) {
        if (index === 0) {
          this.#head = (this.#head - 1) & this.#mask
          this.size++
          this.base--
          this.placed = TOO_OLD
          return -1
        }
        index--
      }
    }
    for (let i = this.size; i > index; i--) {
      const to = this.slot(i)
      const from = this.slot(i - 1)
      this.stamps[to] = this.stamps[from] as number
      this.move(from, to)
    }
    this.stamps[this.slot(index)] = stamp
    this.size++
    this.placed = INSERTED
    return index
  }

  protected placed: Placed = APPENDED

  /** Removes the oldest sample. */
  protected shift(): void {
    this.#head = (this.#head + 1) & this.#mask
    this.size--
    this.base++
    if (this.size === 0) this.newest = -Infinity
  }

  #makeRoom(newest: number): void {
    if ((this.stamps[this.#head] as number) < newest - this.retention || this.retention === 0) return this.shift()
    const stamps = new Float64Array(this.capacity * 2)
    for (let i = 0; i < this.size; i++) stamps[i] = this.stampAt(i)
    this.resize(stamps.length)
    this.stamps = stamps
    this.#mask = stamps.length - 1
    this.#head = 0
  }
}
