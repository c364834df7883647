import { createWriteStream, existsSync, mkdirSync, statSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Writable } from 'node:stream'
import { UsageError } from './output.js'

/** A text file that has its name only once it is whole: `close` ends it, `discard` leaves nothing. */
export class LineFile {
  readonly #path: string
  readonly #temporary: string
  readonly #stream: Writable
  readonly #failed: Promise<never>

  /** Makes the folder where it is not there. Throws UsageError for a path that is a folder, or where none can be made. */
  constructor(path: string) {
    this.#path = path
    this.#temporary = `${path}.part`
    if (existsSync(path) && statSync(path).isDirectory()) throw new UsageError(`${path}: is a folder; name a file to write`)
    try {
      mkdirSync(dirname(path), { recursive: true })
    } catch (error) {
      throw new UsageError(`${path}: cannot be written: ${(error as Error).message}`)
    }
    this.#stream = createWriteStream(this.#temporary)
    this.#failed = new Promise((_resolve, reject) => {
      this.#stream.once('error', error => reject(new UsageError(`${path}: cannot be written: ${error.message}`)))
    })
    this.#failed.catch(() => undefined)
  }

  /** A file that is known to be writable: throws UsageError where it is not. */
  static async open(path: string): Promise<LineFile> {
    const file = new LineFile(path)
    await Promise.race([new Promise<void>(resolve => file.#stream.once('open', resolve)), file.#failed])
    return file
  }

  async write(line: string): Promise<void> {
    if (!this.#stream.write(`${line}\n`)) await Promise.race([new Promise<void>(resolve => this.#stream.once('drain', resolve)), this.#failed])
  }

  async close(): Promise<void> {
    await Promise.race([new Promise<void>(resolve => this.#stream.end(resolve)), this.#failed])
    await rename(this.#temporary, this.#path)
  }

  async discard(): Promise<void> {
    this.#stream.destroy()
    await rm(this.#temporary, { force: true })
  }
}
