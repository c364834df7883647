import { close, closeSync, ftruncateSync, writeSync, writev, writevSync } from 'node:fs'
import { promisify } from 'node:util'

const writevAsync = promisify(writev)
const closeAsync = promisify(close)
/** Bytes that may wait for the disk. */
const BACKLOG = 64 << 20

export interface PositionalFileOptions {
  /** The last bytes of the file while it grows. The next unit overwrites them. */
  readonly tail: Uint8Array
  /**
   * True: `append` never waits, and a unit that finds the backlog full counts as a failure of the disk. Default: the
   * calling thread then writes the unit itself, which slows down a caller that is faster than the disk.
   */
  readonly realTime?: boolean | undefined
  /**
   * Called once, when the disk fails. The file has then been cut back to its complete units, or still grows by the
   * units in the backlog.
   */
  readonly onFailure?: ((error: Error) => void) | undefined
}

/**
 * A file that grows unit by unit in the background. Each unit is written together with the tail behind it, so the file
 * is complete after every write. Neither the death of the process nor a full disk loses what was written.
 */
export class PositionalFile {
  readonly #descriptor: number
  readonly #tail: Uint8Array
  readonly #realTime: boolean
  readonly #onFailure: PositionalFileOptions['onFailure']
  #position = 0
  #written = 0
  #pending = 0
  #writes = Promise.resolve()
  #failure: Error | undefined
  /** Position of the first unit that could not be written. */
  #whole = Infinity

  /** @param descriptor an empty file, open for writing. */
  constructor(descriptor: number, { tail, realTime = false, onFailure }: PositionalFileOptions) {
    this.#descriptor = descriptor
    this.#tail = tail
    this.#realTime = realTime
    this.#onFailure = onFailure
  }

  /** Position of the next unit. */
  get position(): number {
    return this.#position
  }

  /** Bytes of complete units, with those in the backlog. */
  get kept(): number {
    return Math.min(this.#position, this.#whole)
  }

  /** Number of bytes that the disk has taken. */
  get written(): number {
    return this.#written
  }

  /** Takes a unit. Its bytes must not change until `written` is called. After a failure nothing is taken. */
  append(unit: readonly Uint8Array[], written?: () => void): void {
    this.#take(unit, [this.#tail], written)
  }

  /**
   * Waits for all writes and closes the file, with `unit` at its end instead of the tail. Throws the error of a write
   * that failed.
   */
  async close(unit: readonly Uint8Array[]): Promise<void> {
    this.#take(unit, [])
    await this.#writes
    await closeAsync(this.#descriptor)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Waits for all writes and closes the file. Errors of the writes are ignored. */
  async abandon(): Promise<void> {
    await this.#writes
    closeSync(this.#descriptor)
  }

  #take(unit: readonly Uint8Array[], tail: readonly Uint8Array[], written?: () => void): void {
    if (this.#failure !== undefined) return
    const position = this.#position
    const length = lengthOf(unit)
    const isFull = this.#pending > BACKLOG
    if (isFull && this.#realTime) {
      this.#whole = position
      return this.#tell(new Error(`the disk is too slow: ${Math.round(this.#pending / 1e6)} MB wait for it`))
    }
    const end = (this.#position += length)
    if (isFull) {
      this.#writeNow([...unit, ...tail], position)
      written?.()
      return
    }
    this.#pending += length
    this.#writes = this.#writes.then(async () => {
      // Only the newest unit has the tail behind it. After a failure the units before the failed one are still written.
      if (position < this.#whole) await this.#write(end === this.#position ? [...unit, ...tail] : unit, position)
      this.#pending -= length
      written?.()
    })
  }

  async #write(buffers: readonly Uint8Array[], position: number): Promise<void> {
    try {
      for (let done = 0, length = lengthOf(buffers); done < length; )
        done += this.#count((await writevAsync(this.#descriptor, after(buffers, done), position + done)).bytesWritten)
    } catch (error) {
      this.#fail(error, position)
    }
  }

  #writeNow(buffers: readonly Uint8Array[], position: number): void {
    try {
      for (let done = 0, length = lengthOf(buffers); done < length; )
        done += this.#count(writevSync(this.#descriptor, after(buffers, done), position + done))
    } catch (error) {
      this.#fail(error, position)
    }
  }

  /** Cuts the file back to the units before `position`. */
  #fail(error: unknown, position: number): void {
    if (position < this.#whole) {
      this.#whole = position
      try {
        ftruncateSync(this.#descriptor, position)
        writeSync(this.#descriptor, this.#tail, 0, this.#tail.length, position)
      } catch {
        // The disk has failed for good. The file stays as it is.
      }
    }
    this.#tell(error instanceof Error ? error : new Error(String(error)))
  }

  #tell(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#onFailure?.(error)
  }

  #count(bytes: number): number {
    this.#written += bytes
    return bytes
  }
}

function lengthOf(buffers: readonly Uint8Array[]): number {
  return buffers.reduce((sum, { length }) => sum + length, 0)
}

/** The buffers without their first `done` bytes. */
function after(buffers: readonly Uint8Array[], done: number): Uint8Array[] {
  let skip = done
  return buffers.flatMap(bytes => {
    const from = Math.min(skip, bytes.length)
    skip -= from
    return from < bytes.length ? [bytes.subarray(from)] : []
  })
}
