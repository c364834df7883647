/**
 * Samples of one stream from one thread to another, without locks or allocation: records of stamp, receive and `width`
 * numbers on shared memory. One writer, one reader. A full ring refuses the sample and counts it.
 */
export class SampleRing {
  readonly buffer: SharedArrayBuffer
  /** Of the record that `peek` found. The value is a view that the next record overwrites in turn; read it at once. */
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

  get lost(): number {
    return Atomics.load(this.#counters, LOST)
  }

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

  /** Reads the oldest record without taking it; false: the ring is empty. */
  peek(): boolean {
    const read = Atomics.load(this.#counters, READ)
    if (read === Atomics.load(this.#counters, WRITTEN)) return false
    const from = ((read >>> 0) % this.#capacity) * (2 + this.#width)
    this.stamp = this.#data[from]!
    this.receive = this.#data[from + 1]!
    for (let i = 0; i < this.#width; i++) this.value[i] = this.#data[from + 2 + i]!
    return true
  }

  take(): void {
    Atomics.add(this.#counters, READ, 1)
  }
}

/** Bytes before the records; the counters wrap at 2^32, so capacities are powers of two. */
const HEADER = 16
const WRITTEN = 0
const READ = 1
const LOST = 2
