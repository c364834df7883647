import { z } from 'zod'
import { issueText, mapping, validate } from '../../robots/validation.js'
import { PolicyError } from '../policy-error.js'
import { graphFields, parseContract, vocabularyFault, type Contract } from './contract.js'
import { DTYPES } from './dtype.js'
import { tensorOf } from './output-spec.js'

/** A tensor that an encoder gives. `tensor`: the graph's own name of it, where it has another. */
const feature = mapping({
  dtype: z.enum(DTYPES),
  shape: z.array(z.int().min(1)),
  tensor: z.string().min(1).optional(),
})

const schema = mapping({
  version: z.literal(2, { error: 'an encoder has version 2' }),
  ...graphFields(2),
  features: z
    .record(z.string(), feature)
    .refine(features => Object.keys(features).length > 0, { error: 'expected at least one feature' }),
}).superRefine(({ inputs, features, vocabulary }, context) => {
  const fault = (path: string[], message: string): void => context.addIssue({ code: 'custom', path, message })
  for (const [name, { as }] of Object.entries(inputs))
    if (as === 'feature') fault(['inputs', name], 'an encoder takes no features of another one')
  const tensors = new Map<string, string>()
  for (const [name, spec] of Object.entries(features)) {
    const tensor = tensorOf(name, spec)
    if (tensors.has(tensor)) fault(['features', name, 'tensor'], `'${tensor}' is ${tensors.get(tensor)} already`)
    tensors.set(tensor, name)
  }
  const words = vocabularyFault(inputs, vocabulary)
  if (words !== undefined) fault(['vocabulary'], words)
})

/** What an encoder declares about itself: its inputs, and the features that it makes of them for a head. */
export type EncoderContract = z.output<typeof schema>
/** The contract of any graph: a policy's, a head's or an encoder's. */
export type GraphContract = Contract | EncoderContract

export const isEncoder = (contract: GraphContract): contract is EncoderContract => 'features' in contract

/** As `parseContract`, for any graph. One with `features` is an encoder. */
export function parseGraphContract(value: unknown, where: string): GraphContract {
  if (value === null || typeof value !== 'object' || !('features' in value)) return parseContract(value, where)
  return parseEncoderContract(value, where)
}

/** As `parseContract`, for an encoder. */
export function parseEncoderContract(value: unknown, where: string): EncoderContract {
  const { data, issues } = validate(schema, value)
  if (!issues) return data
  const faults = issues.map(issueText)
  throw new PolicyError('POLICY_CONTRACT', `${where}: not an encoder's contract: ${faults.join('; ')}`, {
    differences: faults,
  })
}

/** A tensor that a graph gives. */
type GivenSpec = z.output<typeof feature> | NonNullable<Contract['outputs'][keyof Contract['outputs']]>

/** What a graph gives, by the names in its contract. */
export function givenBy(contract: GraphContract): Readonly<Record<string, GivenSpec>> {
  if (isEncoder(contract)) return contract.features
  const there = Object.entries(contract.outputs).flatMap(([name, output]) => (output ? [[name, output] as const] : []))
  return Object.fromEntries(there)
}
