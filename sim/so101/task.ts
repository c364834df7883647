import { understand } from '../embedded/instruction.js'
import { BINS } from './layout.js'
import type { BinName } from './layout.js'

/** The meaning of an utterance for this cell. What it does not name is undefined. */
export type Task =
  | { readonly kind: 'stop' }
  | { readonly kind: 'put'; readonly name: string | undefined; readonly bin: BinName | undefined }

/**
 * The meaning of `text` with `objects` on the table: which object, and the left or the right bin. Undefined: it names
 * neither. `languages`: the languages whose stop words count; default: all.
 */
export function taskOf(
  text: string,
  objects: readonly { readonly name: string; readonly colour: string }[],
  languages?: readonly string[],
): Task | undefined {
  const meant = understand(text, objects, languages)
  if (meant?.kind === 'stop') return { kind: 'stop' }
  const words = text.toLowerCase().split(/[^a-z]+/)
  const named = BINS.filter(bin => words.includes(bin))
  const bin = named.length === 1 ? named[0] : undefined
  const name = meant?.kind === 'target' ? meant.name : undefined
  return name === undefined && bin === undefined ? undefined : { kind: 'put', name, bin }
}
