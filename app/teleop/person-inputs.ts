import { unknownName } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'
import { gamepad } from './inputs/gamepad.js'
import { keyboard } from './inputs/keyboard.js'
import { leader } from './inputs/leader.js'
import type { InputKind } from './person-input.js'

/** The kinds of inputs by the word of `--by`, one line each. */
export const PERSON_INPUTS: ReadonlyMap<string, InputKind> = new Map([
  ['leader', leader],
  ['keyboard', keyboard],
  ['gamepad', gamepad],
])

/** Throws UsageError for a word that is no kind. */
export function personInput(name: string): InputKind {
  const kind = PERSON_INPUTS.get(name)
  if (!kind) throw new UsageError(`--by ${unknownName('input', name, [...PERSON_INPUTS.keys()])}`)
  return kind
}
