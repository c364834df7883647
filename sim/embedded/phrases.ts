import { parse } from 'yaml'
import { LARGEST_TEXT, readTextSync, reasonOf } from '../../middleware/regular-file.js'
import type { ObjectModel } from '../objects/object.js'
import { SimError } from '../sim-error.js'
import { understand } from './instruction.js'

/**
 * Reads a phrases file: a YAML list of commands with `{name}` in the place of the object's name. Throws SimError
 * PHRASES_MISSING when it cannot be read, and PHRASES_INVALID (one line) when it is no such list, or when the judge
 * would not understand a phrase as a command for the object, for each of `models`.
 */
export function loadPhrases(path: string, models: readonly ObjectModel[]): string[] {
  const fail = (what: string): never => {
    throw new SimError('PHRASES_INVALID', `${path}: ${what}`)
  }
  let text: string
  try {
    text = readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new SimError('PHRASES_MISSING', `${path}: cannot read the phrases file (${reasonOf(error)})`)
  }
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    return fail(`not YAML: ${String((error as Error).message).split('\n')[0]}`)
  }
  if (!Array.isArray(document) || document.length === 0)
    return fail('expected a list of commands, such as "could you fetch the {name}"')
  return document.map((phrase: unknown, index) => {
    if (typeof phrase !== 'string')
      return fail(`phrase ${index + 1}: expected a text (in quotes where it has a colon or begins with {)`)
    if (!phrase.includes('{name}')) return fail(`phrase "${phrase}": has no {name} where the object's name goes`)
    for (const { name } of models) {
      const meant = understand(
        phrase.replaceAll('{name}', () => name),
        models,
      )
      if (meant?.kind === 'target' && meant.name === name) continue
      fail(
        `phrase "${phrase}": with ${name} it is understood as ` +
          `${meant?.kind === 'target' ? meant.name : (meant?.kind ?? 'nothing')}`,
      )
    }
    return phrase
  })
}
