import { recordingRefusal } from '../../middleware/bag/bag-writer.js'
import { createPartFolder, refusal, type OutputOptions } from '../../middleware/output-path.js'
import { isRefusedByDisk } from './line-file.js'
import { messageOf, UsageError } from './output.js'

/** What a command is asked to write: paths, undefined where it is not asked for. */
export interface Outputs {
  readonly files?: readonly (string | undefined)[]
  readonly recordings?: readonly (string | undefined)[]
  /** What the command reads, which no output may take the place of. */
  readonly reads?: readonly string[]
}

/** Before anything starts: throws UsageError for the first output that may not be written where it is asked for. */
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
