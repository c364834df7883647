/** Number of samples that fit before the arrays grow. */
const CAPACITY = 256

/**
 * Wrenches in the order of their arrival that wait for the pose after them. Pushing allocates nothing, except when the
 * queue grows to cover the longest wait.
 */
export class WaitingWrenches {
  size = 0
  /** The stamp of the oldest in the queue, under which it enters its buffer (ns); as it was written; its receive time. */
  stamp = NaN
  written = NaN
  receive = NaN
  /** The values of the oldest, f64[6]. Valid until the next `shift`. */
  readonly values = new Float64Array(6)
  #rows = new Float64Array(9 * CAPACITY)
  #capacity = CAPACITY
  #head = 0

  push(stamp: number, written: number, receive: number, values: ArrayLike<number>): void {
    if (this.size === this.#capacity) this.#grow()
    const offset = 9 * ((this.#head + this.size) % this.#capacity)
    const rows = this.#rows
    rows[offset] = stamp
    rows[offset + 1] = written
    rows[offset + 2] = receive
    for (let i = 0; i < 6; i++) rows[offset + 3 + i] = values[i] as number
    if (this.size++ === 0) this.#look()
  }

  /** Removes the oldest. */
  shift(): void {
    this.#head = (this.#head + 1) % this.#capacity
    if (--this.size > 0) this.#look()
  }

  #look(): void {
    const offset = 9 * this.#head
    const rows = this.#rows
    this.stamp = rows[offset]!
    this.written = rows[offset + 1]!
    this.receive = rows[offset + 2]!
    for (let i = 0; i < 6; i++) this.values[i] = rows[offset + 3 + i]!
  }

  #grow(): void {
    const rows = new Float64Array(2 * this.#rows.length)
    const split = 9 * this.#head
    rows.set(this.#rows.subarray(split))
    rows.set(this.#rows.subarray(0, split), this.#rows.length - split)
    this.#rows = rows
    this.#capacity *= 2
    this.#head = 0
  }
}
