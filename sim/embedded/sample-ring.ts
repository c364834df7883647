/**
 * Passes samples of one stream from one thread to another, without locks and allocation: records of stamp, receive time
 * and `width` numbers in shared memory. It has one writer and one reader. A full ring drops the new sample and counts
 * it.
 */
export class SampleRing {
  readonly buffer: SharedArrayBuffer
  /** The record that `peek` found. `value` is overwritten by the next record. */
  stamp = 0
  receive = 0
  readonly value: Float64Array
  readonly #width: number
  readonly #capacity: number
  readonly #counters: Int32Array
  readonly #data: Float64Array

  constructor(width: number, capacity: number, buffer?: SharedArrayBuffer) {
    this.#width = width
    this.#capacity = capacity
    this.buffer = buffer ?? new SharedArrayBuffer(HEADER + 8 * capacity * (2 + width))
    this.#counters = new Int32Array(this.buffer, 0, 3)
    this.#data = new Float64Array(this.buffer, HEADER)
    this.value = new Float64Array(width)
  }

  /** Number of samples that were dropped. */
  get lost(): number {
    return Atomics.load(this.#counters, LOST)
  }

  /** Adds a sample. */
  push(stamp: number, receive: number, value: ArrayLike<number>): void {
    const written = Atomics.load(this.#counters, WRITTEN)
    if (((written - Atomics.load(this.#counters, READ)) | 0) >= this.#capacity) {
      Atomics.add(this.#counters, LOST, 1)
      return
    }
    const from = ((written >>> 0) % this.#capacity) * (2 + this.#width)
    this.#data[from] = stamp
    this.#data[from + 1] = receive
    for (let i = 0; i < this.#width; i++) this.#data[from + 2 + i] = value[i]!
    Atomics.store(this.#counters, WRITTEN, (written + 1) | 0)
  }

  /** Reads the oldest record without removing it; false: the ring is empty. */
  peek(): boolean {
    const read = Atomics.load(this.#counters, READ)
    if (read === Atomics.load(this.#counters, WRITTEN)) return false
    const from = ((read >>> 0) % this.#capacity) * (2 + this.#width)
    this.stamp = this.#data[from]!
    this.receive = this.#data[from + 1]!
    for (let i = 0; i < this.#width; i++) this.value[i] = this.#data[from + 2 + i]!
    return true
  }

  /** Removes the oldest record. */
  take(): void {
    Atomics.add(this.#counters, READ, 1)
  }
}

/** Bytes before the records. The counters wrap at 2^32, so capacities must be powers of two. */
const HEADER = 16
const WRITTEN = 0
const READ = 1
const LOST = 2
