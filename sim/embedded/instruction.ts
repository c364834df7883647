import { meaningOf } from '../../control/speech/stop-word.js'

/** The meaning of an utterance for the cell. */
export type Instruction =
  | { readonly kind: 'stop' }
  | { readonly kind: 'target'; readonly name: string; readonly gentle: boolean }
  | { readonly kind: 'manner' }

interface Named {
  readonly name: string
  readonly colour: string
}

/** Whether an utterance asks for care. */
export const isGentle = (text: string): boolean => /gently|careful|softly/i.test(text)

/**
 * Whether this cell could follow `text` with some of `objects` on its table: it names one of them or its colour, or
 * asks for care.
 */
export function isAboutThings(text: string, objects: readonly Named[]): boolean {
  const said = spoken(text)
  return (
    isGentle(said) ||
    objects.some(({ name, colour }) => [name, colour].some(word => said.includes(` ${word.toLowerCase()} `)))
  )
}

/**
 * The meaning of `text` with `objects` on the table: the longest object name in it, otherwise the only object of a
 * colour in it. Undefined: it means none of them. `languages`: the languages whose stop words count; default: all.
 */
export function understand(
  text: string,
  objects: readonly Named[],
  languages?: readonly string[],
): Instruction | undefined {
  if (meaningOf(text, languages) === 'stop') return { kind: 'stop' }
  const said = spoken(text)
  const gentle = isGentle(said)
  const byName = objects
    .filter(({ name }) => said.includes(` ${name.toLowerCase()} `))
    .sort((a, b) => b.name.length - a.name.length)[0]
  if (byName !== undefined) return { kind: 'target', name: byName.name, gentle }
  const byColour = objects.filter(({ colour }) => said.includes(` ${colour.toLowerCase()} `))
  if (byColour.length === 1) return { kind: 'target', name: byColour[0]!.name, gentle }
  return gentle ? { kind: 'manner' } : undefined
}

const spoken = (text: string): string =>
  ` ${text
    .toLowerCase()
    .replace(/[^a-z0-9#]+/g, ' ')
    .trim()} `
