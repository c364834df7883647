import { close, closeSync, ftruncateSync, writeSync, writev, writevSync } from 'node:fs'
import { promisify } from 'node:util'

const writevAsync = promisify(writev)
const closeAsync = promisify(close)
/** Bytes that may wait for the disk. */
const BACKLOG = 64 << 20

export interface PositionalFileOptions {
  /** What the file ends with for as long as it grows: the next unit takes its place. */
  readonly tail: Uint8Array
  /**
   * `append` never waits: a unit that finds the backlog full is refused, as by a full disk. Default: `append` writes it
   * itself, which holds back whoever is faster than the disk.
   */
  readonly realTime?: boolean | undefined
  /**
   * Told once, when the disk refuses; the file has been cut back to what is whole, or ends with what waits for the
   * disk.
   */
  readonly onFailure?: ((error: Error) => void) | undefined
}

/**
 * A file that only grows, unit by unit, in the background. Each unit is written together with the tail behind it, so
 * that the file is whole between two writes: neither the death of the process nor a full disk takes away what was
 * written.
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
  /** Where the first unit that was refused begins. */
  #whole = Infinity

  /** @param descriptor an empty file, open for writing. */
  constructor(descriptor: number, { tail, realTime = false, onFailure }: PositionalFileOptions) {
    this.#descriptor = descriptor
    this.#tail = tail
    this.#realTime = realTime
    this.#onFailure = onFailure
  }

  /** Where the next unit will lie. */
  get position(): number {
    return this.#position
  }

  /** Bytes of whole units, those that still wait for the disk included. */
  get kept(): number {
    return Math.min(this.#position, this.#whole)
  }

  /** Bytes that the disk has taken. */
  get written(): number {
    return this.#written
  }

  /** Takes a unit, whose bytes must not change until `written` is called. After a failure it takes nothing. */
  append(unit: readonly Uint8Array[], written?: () => void): void {
    this.#take(unit, [this.#tail], written)
  }

  /**
   * Waits for all writes and closes, with `unit` as the end of the file instead of the tail. Throws what a write failed
   * with.
   */
  async close(unit: readonly Uint8Array[]): Promise<void> {
    this.#take(unit, [])
    await this.#writes
    await closeAsync(this.#descriptor)
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Closes whatever became of the writes. */
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
      // A tail goes behind the newest unit alone. After a failure what lies before the refused unit is still written.
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
        // What the disk still refuses now stays as it is.
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

/** What of the buffers comes after the first `done` bytes. */
function after(buffers: readonly Uint8Array[], done: number): Uint8Array[] {
  let skip = done
  return buffers.flatMap(bytes => {
    const from = Math.min(skip, bytes.length)
    skip -= from
    return from < bytes.length ? [bytes.subarray(from)] : []
  })
}
