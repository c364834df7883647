import { z } from 'zod'
import { issueText, mapping, validate } from '../../robots/validation.js'
import { PolicyError } from '../policy-error.js'
import { headFault, headFields } from './head-spec.js'
import { inputSchemas, type InputSpec } from './input-spec.js'
import { outputsSchema } from './output-spec.js'

/** The key of the contract's JSON in the metadata of an ONNX model. */
export const CONTRACT_KEY = 'prehend.contract'

const PAD = '<pad>'
const UNKNOWN = '<unk>'

/** The part of a contract of one version that every graph has, whatever it gives. The versions differ in the inputs. */
export const graphFields = (known: 1 | 2) => ({
  name: z.string().min(1),
  robot: mapping({
    name: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hex digits' }),
    canonical: z.string(),
  }),
  inputs: z
    .record(z.string(), inputSchemas[known])
    .refine(inputs => Object.keys(inputs).length > 0, { error: 'expected at least one input' }),
  vocabulary: z.array(z.string()).default([]),
  normalisation: z.record(z.string(), z.unknown()).optional(),
  training: z.record(z.string(), z.unknown()).optional(),
})

/** What is wrong with the words of a contract that has these inputs. Undefined: nothing. */
export function vocabularyFault(
  inputs: Readonly<Record<string, InputSpec>>,
  vocabulary: readonly string[],
): string | undefined {
  if (!Object.values(inputs).some(input => input.as === 'tokens')) return undefined
  if (vocabulary[0] === PAD && vocabulary[1] === UNKNOWN && new Set(vocabulary).size === vocabulary.length)
    return undefined
  return `a policy with tokens needs distinct words, the first two "${PAD}" and "${UNKNOWN}"`
}

/** The contract of one version. They differ in what an input may be, in the chunk, and in that 2 may be a head. */
const schemaOf = (known: 1 | 2) =>
  mapping({
    version: z.literal([1, 2], {
      error: issue => `version ${JSON.stringify(issue.input)} is not one that this program reads (1, 2)`,
    }),
    ...graphFields(known),
    outputs: outputsSchema,
    // Version 1 does not know these keys.
    ...((known === 1 ? {} : headFields) as typeof headFields),
  }).superRefine(({ version, inputs, outputs, vocabulary, tick, encoder }, context) => {
    if ((version === 2) !== 'groups' in outputs.action_chunk) {
      context.addIssue({
        code: 'custom',
        path: ['outputs', 'action_chunk'],
        message:
          version === 2 ? 'a chunk of version 2 has groups' : 'a chunk of version 1 has no groups: write version 2',
      })
    }
    if (version === 1) {
      for (const [name, output] of Object.entries(outputs)) {
        if (output === undefined || output.dtype === 'float32') continue
        const message = `expected "float32", got "${output.dtype}": write version 2`
        context.addIssue({ code: 'custom', path: ['outputs', name, 'dtype'], message })
      }
    }
    const head = headFault({ inputs, tick, encoder })
    if (head !== undefined) context.addIssue({ code: 'custom', ...head })
    const words = vocabularyFault(inputs, vocabulary)
    if (words !== undefined) context.addIssue({ code: 'custom', path: ['vocabulary'], message: words })
  })

const contractSchemas = { 1: schemaOf(1), 2: schemaOf(2) } as const

/** What a policy declares about itself in its metadata; see docs/reference/policy-contract.md. */
export type Contract = z.output<ReturnType<typeof schemaOf>>

/**
 * Checks the rules of a contract that need no model and no robot. `where` names it in messages. Throws PolicyError
 * `POLICY_CONTRACT`: one line with all faults.
 */
export function parseContract(value: unknown, where: string): Contract {
  const is2 = value !== null && typeof value === 'object' && 'version' in value && value.version === 2
  const { data, issues } = validate(contractSchemas[is2 ? 2 : 1], value)
  if (!issues) return data
  const faults = issues.map(issueText)
  throw new PolicyError('POLICY_CONTRACT', `${where}: not a policy contract: ${faults.join('; ')}`, {
    differences: faults,
  })
}
