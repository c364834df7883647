import {
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { externalFiles, type ExternalFile } from '../../policy/contract/external-data.js'
import type { OnnxModel } from '../../policy/contract/onnx-metadata.js'

/**
 * The files with a model's weights on their way to the folder of its wrapped copy. Where the copy lies in the folder of
 * the model, they are there already.
 */
export class WeightFiles {
  /** All of them, where they are now. */
  readonly files: readonly ExternalFile[]
  /** Those that have to be copied. */
  readonly #copied: readonly ExternalFile[]
  readonly #out: string
  #folder: string | undefined

  private constructor(files: readonly ExternalFile[], out: string, { isThere }: { readonly isThere: boolean }) {
    this.files = files
    this.#copied = isThere ? [] : files
    this.#out = out
  }

  /** Those of the model `file` for its copy `out`. Throws PolicyError. */
  static async of(model: OnnxModel, file: string, out: string): Promise<WeightFiles> {
    const files = await externalFiles(model, file)
    return new WeightFiles(files, out, { isThere: isOneFolder(dirname(file), dirname(out)) })
  }

  get sources(): string[] {
    return this.files.map(({ path }) => path)
  }

  /** Where those that are copied will be. */
  get targets(): string[] {
    return this.#copied.map(({ location }) => join(dirname(this.#out), location))
  }

  /**
   * Copies them and the bytes of the wrapped model to a new folder beside `out`, from which the model can be loaded.
   * Returns the path of the model there. Throws the system's error.
   */
  stage(bytes: Uint8Array): string {
    const folder = (this.#folder = mkdtempSync(join(dirname(this.#out), '.prehend-wrap-')))
    for (const { location, path } of this.#copied) {
      mkdirSync(dirname(join(folder, location)), { recursive: true })
      copyFileSync(path, join(folder, location))
    }
    const model = join(folder, basename(this.#out))
    writeFileSync(model, bytes)
    return model
  }

  /**
   * Gives the copies their names beside `out`. Throws the system's error. Then no copy has its name, and what was
   * replaced is there again.
   */
  place(): void {
    const folder = this.#folder
    if (folder === undefined) return
    const undo: (() => void)[] = []
    const put = (from: string, to: string): void => {
      renameSync(from, to)
      undo.push(() => renameSync(to, from))
    }
    try {
      const replaced = mkdtempSync(join(folder, 'replaced-'))
      this.#copied.forEach(({ location }, i) => {
        const target = this.targets[i]!
        mkdirSync(dirname(target), { recursive: true })
        if (lstatSync(target, { throwIfNoEntry: false })?.isDirectory() === false) put(target, join(replaced, `${i}`))
        put(join(folder, location), target)
      })
    } catch (error) {
      for (const step of undo.toReversed()) step()
      throw error
    }
  }

  /** Removes the folder. */
  clear(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }
}

function isOneFolder(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b)
  } catch {
    return false
  }
}
