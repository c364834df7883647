import { EXECUTION_TEXT, executionMode } from '../../control/chunk/chunk-executor.js'
import { messageOf } from '../../middleware/message-of.js'
import { UsageError } from '../output/output.js'

export const EXECUTION_HELP =
  `how chunks that overlap are carried out: ${EXECUTION_TEXT}; ` + 'default: as the policy says, else the first'

/** The name of an execution mode. Throws UsageError of one line where it is none. */
export function readExecution(text: string): string {
  try {
    executionMode(text)
  } catch (error) {
    throw new UsageError(messageOf(error))
  }
  return text
}
