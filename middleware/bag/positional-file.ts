import { close, closeSync, openSync, write, writeSync } from 'node:fs'
import { promisify } from 'node:util'

const writeAsync = promisify(write)
const closeAsync = promisify(close)
/** Bytes that may wait for the disk; beyond them `append` itself writes, which holds back whoever is faster than the disk. */
const BACKLOG = 64 << 20

/** A file that only grows: each append knows its place at once and is written in the background. */
export class PositionalFile {
  readonly #descriptor: number
  #position = 0
  #pending = 0
  #writes = Promise.resolve()
  #failure: unknown

  constructor(path: string) {
    this.#descriptor = openSync(path, 'w')
  }

  /** Where the next append will lie. */
  get position(): number {
    return this.#position
  }

  /** Takes the bytes, which must not change until `written` is called. Throws what an earlier write failed with. */
  append(bytes: Uint8Array, written?: () => void): void {
    if (this.#failure !== undefined) throw this.#failure
    const position = this.#position
    this.#position += bytes.length
    if (this.#pending > BACKLOG) {
      try {
        for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at, bytes.length - at, position + at)
      } catch (error) {
        this.#failure = error
        throw error
      }
      written?.()
      return
    }
    this.#pending += bytes.length
    this.#writes = this.#writes.then(async () => {
      try {
        for (let at = 0; at < bytes.length;) at += (await writeAsync(this.#descriptor, bytes, at, bytes.length - at, position + at)).bytesWritten
      } catch (error) {
        this.#failure ??= error
      }
      this.#pending -= bytes.length
      written?.()
    })
  }

  /** Waits for all writes and closes. Throws what a write failed with. */
  async close(): Promise<void> {
    await this.#writes
    await closeAsync(this.#descriptor)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Closes whatever became of the writes. */
  async abandon(): Promise<void> {
    await this.#writes
    closeSync(this.#descriptor)
  }
}
