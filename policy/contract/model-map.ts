import { parseDocument } from 'yaml'
import { z } from 'zod'
import { issueText, mapping, short, validate } from '../../robots/validation.js'
import { PolicyError } from '../policy-error.js'
import { headFields, maxAgeField } from './head-spec.js'
import { historySchema } from './history.js'
import { initialSchema } from './input-spec.js'
import { limitsSchema } from './limits.js'
import { mapGroupSchema } from './map-group.js'
import { scalingFault, scalingFields, unitFault } from './map-scaling.js'

const shape = z.array(z.int().min(1))
const tensor = z.string().min(1).optional()
const unit = z.string().superRefine((given, context) => {
  const message = unitFault(given)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const input = mapping({
  as: z.string(),
  // A state and a padding are made from no stream.
  from: z
    .union([z.string().transform(name => [name]), z.array(z.string())], {
      error: issue =>
        `expected the name of a stream or a list of them, got ${short(JSON.stringify(issue.input) ?? 'nothing')}`,
    })
    .optional(),
  per_event: z.int().min(1).optional(),
  history: historySchema.optional(),
  output: z.string().optional(),
  initial: initialSchema.optional(),
  shape: shape.optional(),
  ...scalingFields,
  limits: limitsSchema.optional(),
  unit: z.union([unit.transform(each => [each]), z.array(unit).min(1)]).optional(),
}).superRefine((given, context) => {
  const message = scalingFault(given)
  if (message !== undefined) context.addIssue({ code: 'custom', message })
})
const output = mapping({ shape: shape.optional(), tensor })
/** The names of a policy's outputs. */
const OUTPUTS = ['action_chunk', 'grasp_success', 'gate', 'latent'] as const

/** What a map of any graph says. */
const graphFields = {
  name: z.string().min(1),
  inputs: z.record(z.string(), input),
  dimensions: z.record(z.string(), z.int().min(1)).optional(),
  // A calibration file of LeRobot, for the units that count its ranges. It is read before the map is checked.
  calibration: z.string().min(1).optional(),
  vocabulary: z.array(z.string()).optional(),
  normalisation: z.record(z.string(), z.unknown()).optional(),
  training: z.record(z.string(), z.unknown()).optional(),
}

const mapSchema = mapping({
  ...graphFields,
  outputs: z.strictObject(
    {
      action_chunk: mapping({
        rate: z.number().positive(),
        shape: shape.optional(),
        tensor,
        groups: z.array(mapGroupSchema).min(1).optional(),
      }),
      grasp_success: output.optional(),
      gate: output.optional(),
      latent: output.optional(),
    },
    {
      error: issue => {
        if (issue.code === 'invalid_type') return `expected a map of ${OUTPUTS.join(', ')}`
        return issue.code === 'unrecognized_keys' ? issue.keys.map(otherName).join('; ') : undefined
      },
    },
  ),
  // Of a head. The sha256 of its encoder is that of the file.
  tick: headFields.tick,
  encoder: mapping({ max_age: maxAgeField }).optional(),
})

const encoderSchema = mapping({
  ...graphFields,
  features: z
    .record(z.string(), output)
    .refine(features => Object.keys(features).length > 0, { error: 'expected at least one feature' }),
})

/**
 * What the inputs and outputs of a graph are, for a model from elsewhere. The names of inputs are those of the graph.
 * See docs/how-to/bring-your-own-policy.md.
 */
export type ModelMap = z.output<typeof mapSchema>
/** The map of an encoder, with the features that it gives to a head. */
export type EncoderMap = z.output<typeof encoderSchema>
/** The map of any graph. */
export type GraphMap = ModelMap | EncoderMap

/** Whether a map, checked or not, is that of an encoder: it has features in the place of outputs. */
export const isEncoderMap = (map: unknown): boolean => map !== null && typeof map === 'object' && 'features' in map

function otherName(name: string): string {
  return (
    `'${short(name)}': a policy's outputs are called ${OUTPUTS.join(', ')}: say which of them this is ` +
    `(action_chunk: { tensor: ${short(name)}, … }), or leave it out of the map`
  )
}

const incomplete = z.record(z.string(), z.record(z.string(), z.unknown()))
const incompleteSchema = z.looseObject({ inputs: incomplete.optional(), outputs: incomplete.optional() })

/** A map of which anything may be left out. */
export type IncompleteMap = z.output<typeof incompleteSchema>

/** Checks a map that says only what something else does not. Throws as `checkModelMap`. */
export function incompleteMap(value: unknown, where: string): IncompleteMap {
  return checked(incompleteSchema, value ?? {}, where)
}

/** The value of a map's text, unchecked. Throws PolicyError `POLICY_MAP` where it is no YAML. */
export function readMap(text: string, where: string): unknown {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' })
  const [syntax] = document.errors
  if (syntax)
    throw new PolicyError('POLICY_MAP', `${where}: not YAML: ${syntax.message.split('\n')[0]}`, { cause: syntax })
  return document.toJS({ maxAliasCount: 100 })
}

/** Checks the map of a policy. `where` names it in messages. Throws PolicyError `POLICY_MAP`: all faults in a line. */
export function checkModelMap(value: unknown, where: string): ModelMap {
  return checked(mapSchema, value, where)
}

/** Checks the map of an encoder. Throws as `checkModelMap`. */
export function checkEncoderMap(value: unknown, where: string): EncoderMap {
  return checked(encoderSchema, value, where)
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const { data, issues } = validate(schema, value)
  if (!issues) return data
  const faults = issues.map(issueText)
  throw new PolicyError('POLICY_MAP', `${where}: not a map of a model: ${faults.join('; ')}`, { differences: faults })
}
