/**
 * A block of numbers in shared memory that one thread writes and others read as a whole (a sequence lock). A reader
 * that overlaps with a write reads again.
 */
export class SharedState {
  readonly buffer: SharedArrayBuffer
  readonly #sequence: Int32Array
  readonly #data: Float64Array

  constructor(length: number, buffer?: SharedArrayBuffer) {
    this.buffer = buffer ?? new SharedArrayBuffer(8 + 8 * length)
    this.#sequence = new Int32Array(this.buffer, 0, 1)
    this.#data = new Float64Array(this.buffer, 8)
  }

  /** Differs after every write. */
  get version(): number {
    return Atomics.load(this.#sequence, 0)
  }

  /** Writes all numbers. */
  write(values: ArrayLike<number>): void {
    Atomics.add(this.#sequence, 0, 1)
    this.#data.set(values)
    Atomics.add(this.#sequence, 0, 1)
  }

  /** Reads all numbers. */
  read(into: Float64Array): void {
    for (;;) {
      const before = Atomics.load(this.#sequence, 0)
      into.set(this.#data)
      if ((before & 1) === 0 && Atomics.load(this.#sequence, 0) === before) return
    }
  }
}
