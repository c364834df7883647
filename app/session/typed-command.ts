import { meaningOf } from '../../control/speech/stop-word.js'
import { LONGEST_SAID } from '../../nodes/voice-node.js'
import { UsageError } from '../output/output.js'
import type { CellKind } from './cells/cell-kind.js'

/** Throws UsageError where the text of `--say` is blank, or so long that it would not be heard whole. */
export function checkSaid(say: string): void {
  if (say.trim() === '') throw new UsageError('--say: is empty; say a command such as "pick the red box"')
  const { length } = say
  if (length > LONGEST_SAID)
    throw new UsageError(`--say: has ${length} characters, and ${LONGEST_SAID} are heard; say it shorter`)
}

/**
 * Throws UsageError where `checkSaid` does, and where the text of `--say` is no stop and names nothing of the set
 * `objects` that a command in this cell can be about: an object by its name, or by a colour that no other object has.
 */
export function checkCommand(say: string, objects: string, cell: CellKind, languages: readonly string[]): void {
  checkSaid(say)
  const models = cell.models(objects)
  if (meaningOf(say, languages) === 'stop' || cell.isCommand(say, models)) return
  throw new UsageError(
    `--say "${say}": names none of the ${objects} objects; they are ${models.map(({ name }) => name).join(', ')}`,
  )
}

/**
 * A note about a typed line that is neither a stop, nor a resume, nor about something in the cell. Undefined: the line
 * was understood, or is empty.
 */
export function notUnderstood(
  line: string,
  objects: string,
  cell: CellKind,
  languages: readonly string[],
): string | undefined {
  if (meaningOf(line, languages) !== 'command' || cell.isAbout(line, cell.models(objects))) return undefined
  return (
    `not understood: "${line.trim()}" names no object, no colour and no manner, and is no stop ` +
    '("stop") or resume; the policy hears it all the same'
  )
}
