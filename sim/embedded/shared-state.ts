/**
 * A block of numbers that one thread writes and others read whole (a sequence lock): a reader that meets a write reads
 * again.
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

  /** Changes with every write. */
  get version(): number {
    return Atomics.load(this.#sequence, 0)
  }

  write(values: ArrayLike<number>): void {
    Atomics.add(this.#sequence, 0, 1)
    this.#data.set(values)
    Atomics.add(this.#sequence, 0, 1)
  }

  read(into: Float64Array): void {
    for (;;) {
      const before = Atomics.load(this.#sequence, 0)
      into.set(this.#data)
      if ((before & 1) === 0 && Atomics.load(this.#sequence, 0) === before) return
    }
  }
}
