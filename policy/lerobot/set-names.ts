import { z } from 'zod'
import { issueText, validate } from '../../robots/validation.js'
import { PolicyError } from '../policy-error.js'

/** The names of the values of a LeRobot set, and its rate (rows a second). */
export interface SetNames {
  readonly rate: number
  readonly state: readonly string[] | undefined
  readonly action: readonly string[] | undefined
}

const list = z.array(z.string())
/** A list, or a list under a heading such as `motors`. */
const names = z
  .union([list, z.record(z.string(), list), z.null()])
  .optional()
  .catch(undefined)
const schema = z.looseObject({
  fps: z.number().positive(),
  features: z.record(z.string(), z.looseObject({ names })),
})

/** Reads the text of a LeRobot set's meta/info.json (v2.0 to v3.0). Throws PolicyError `POLICY_CHECKPOINT`. */
export function readSetNames(text: string, where: string): SetNames {
  const refused = (why: string): PolicyError =>
    new PolicyError('POLICY_CHECKPOINT', `${where}: not the info.json of a LeRobot set: ${why}`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refused('not JSON')
  }
  const { data, issues } = validate(schema, value)
  if (issues) throw refused(issueText(issues[0]!))
  const of = (key: string): string[] | undefined => {
    const given = Object.hasOwn(data.features, key) ? data.features[key]?.names : undefined
    if (given === undefined || given === null) return undefined
    return Array.isArray(given) ? given : Object.values(given).flat()
  }
  return { rate: data.fps, state: of('observation.state'), action: of('action') }
}
