import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Files in a folder of the format. */
export const CHUNK_FILES = 1000

/** The files of one kind in a LeRobot set, one after another: `chunk-000/file-000`, `chunk-000/file-001` … */
export class FileSeries {
  chunk = 0
  file = 0
  readonly #root: string
  readonly #template: string

  /** @param template a path below `root` as meta/info.json has it, with `{chunk_index:03d}` and `{file_index:03d}`. */
  constructor(root: string, template: string) {
    this.#root = root
    this.#template = template
  }

  /** The path of the present file; its folder is made. */
  path(): string {
    const three = (n: number): string => String(n).padStart(3, '0')
    const path = join(
      this.#root,
      this.#template.replace('{chunk_index:03d}', three(this.chunk)).replace('{file_index:03d}', three(this.file)),
    )
    mkdirSync(dirname(path), { recursive: true })
    return path
  }

  next(): void {
    this.file++
    if (this.file < CHUNK_FILES) return
    this.file = 0
    this.chunk++
  }
}
