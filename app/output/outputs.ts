import { recordingRefusal } from '../../middleware/bag/bag-writer.js'
import { createPartFolder, refusal, type OutputOptions } from '../../middleware/output-path.js'
import { isRefusedByDisk } from './line-file.js'
import { UsageError } from './output.js'
import { messageOf } from '../../middleware/message-of.js'

/** Paths that a command will write. Undefined: that output was not asked for. */
export interface Outputs {
  readonly files?: readonly (string | undefined)[]
  readonly recordings?: readonly (string | undefined)[]
  /** Paths that the command reads. No output may replace one of them. */
  readonly reads?: readonly string[]
}

/** Called before anything starts. Throws UsageError for the first output that may not be written. */
export function requireFree(
  { files = [], recordings = [], reads }: Outputs,
  flags: { readonly overwrite?: boolean | undefined },
): void {
  for (const [paths, why] of [
    [files, refusal],
    [recordings, recordingRefusal],
  ] as const) {
    for (const path of paths) {
      const refused = path === undefined ? undefined : why(path, { overwrite: flags.overwrite, reads })
      if (refused !== undefined) throw new UsageError(refused)
    }
  }
}

/**
 * The unfinished folder of an output, see `createPartFolder`. Throws UsageError, in one line, where it cannot be made.
 */
export function makePartFolder(path: string, options: OutputOptions): string {
  try {
    return createPartFolder(path, options)
  } catch (error) {
    if (isRefusedByDisk(error)) throw error
    throw new UsageError(`${path}: cannot be written: ${messageOf(error)}`)
  }
}
