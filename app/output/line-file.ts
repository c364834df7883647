import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import {
  createPart,
  discardPart,
  finishPart,
  partOf,
  refusal,
  type OutputOptions,
} from '../../middleware/output-path.js'
import { UsageError } from './output.js'

/** The disk refused while the command wrote. */
export class DiskError extends Error {
  readonly exit = 1
}

/** Whether a system error says that the disk is full or fails. */
export function isRefusedByDisk(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'code' in error &&
    ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EROFS'].includes(String(error.code))
  )
}

/**
 * A text file that gets its name when it is complete. `close` completes it, `discard` removes it. Where the disk
 * refuses, the part that was written stays beside it.
 */
export class LineFile {
  readonly #path: string
  readonly #output: OutputOptions
  readonly #stream: Writable
  readonly #failed: Promise<never>
  #failure: DiskError | undefined

  /**
   * Makes the file's folder if it does not exist. Throws UsageError, in one line, where the file exists already or
   * cannot be made.
   */
  constructor(path: string, output: Pick<OutputOptions, 'overwrite'> = {}) {
    this.#path = path
    this.#output = output
    const why = refusal(path, output)
    if (why !== undefined) throw new UsageError(why)
    let fd
    try {
      fd = createPart(path, output)
    } catch (error) {
      throw new UsageError(`${path}: cannot be written: ${(error as Error).message}`)
    }
    this.#stream = createWriteStream('', { fd })
    this.#failed = new Promise((_resolve, reject) => {
      this.#stream.once('error', error => reject(this.#fail(error)))
    })
    this.#failed.catch(() => undefined)
  }

  /** Throws DiskError where the disk refuses. */
  async write(line: string): Promise<void> {
    if (this.#failure) throw this.#failure
    if (!this.#stream.write(`${line}\n`))
      await Promise.race([new Promise<void>(resolve => this.#stream.once('drain', resolve)), this.#failed])
  }

  /** Throws DiskError where the disk refuses. */
  async close(): Promise<void> {
    if (this.#failure) throw this.#failure
    // The stream is closed also after a failed write, since only its end reports the failure.
    await new Promise<void>(resolve => this.#stream.once('close', resolve).end())
    if (this.#failure) throw this.#failure
    try {
      finishPart(this.#path, this.#output)
    } catch (error) {
      throw this.#fail(error as Error)
    }
  }

  async discard(): Promise<void> {
    if (!this.#stream.closed) await new Promise<void>(resolve => this.#stream.once('close', resolve).destroy())
    if (!this.#failure) discardPart(this.#path)
  }

  #fail(error: Error): DiskError {
    return (this.#failure ??= new DiskError(
      `${this.#path}: cannot be written: ${error.message}; what was written before is kept in ${partOf(this.#path)}`,
    ))
  }
}
