import { recordingRefusal } from '../middleware/bag/bag-writer.js'
import { refusal } from '../middleware/output-path.js'
import { UsageError } from './output.js'

/** What a command is asked to write: paths, undefined where it is not asked for. */
export interface Outputs {
  readonly files?: readonly (string | undefined)[]
  readonly recordings?: readonly (string | undefined)[]
}

/** Before anything starts: throws UsageError for the first output that may not be written where it is asked for. */
export function requireFree({ files = [], recordings = [] }: Outputs, flags: { readonly overwrite?: boolean | undefined }): void {
  for (const [paths, why] of [[files, refusal], [recordings, recordingRefusal]] as const) {
    for (const path of paths) {
      const refused = path === undefined ? undefined : why(path, flags)
      if (refused !== undefined) throw new UsageError(refused)
    }
  }
}
