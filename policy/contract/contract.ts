import { z } from 'zod'
import { issueText, mapping, unknownName, validate } from '../../robots/validation.js'
import { CHANNELS } from '../policy.js'
import { PolicyError } from '../policy-error.js'

/** Key of the contract's JSON among an ONNX model's metadata. */
export const CONTRACT_KEY = 'prehend.contract'

const PAD = '<pad>'
const UNKNOWN = '<unk>'

/** SI, in the order of CHANNELS. */
export const CHANNEL_UNITS: Readonly<Record<(typeof CHANNELS)[number], string>> = {
  dx: 'm',
  dy: 'm',
  dz: 'm',
  dyaw: 'rad',
  width: 'm',
  effort: 'N',
}

const size = z.int().min(1)
/** How an output's name that is none is called in messages. */
const OUTPUT = 'output of a policy'
const streams = z.array(z.string().min(1)).min(1)
const float32 = z.literal('float32')

const KINDS = ['image', 'depth', 'rgbd', 'vector', 'window', 'pyramid', 'tokens', 'ages', 'mask'] as const

const image = mapping({
  as: z.literal('image'),
  dtype: z.enum(['float32', 'uint8']),
  shape: z.array(size),
  from: streams,
})
const plain = <const As extends string>(as: As) =>
  mapping({ as: z.literal(as), dtype: float32, shape: z.array(size), from: streams })
const tokens = mapping({
  as: z.literal('tokens'),
  dtype: z.literal('int64'),
  shape: z.array(size),
  from: streams,
  per_event: size,
})

const inputSchema = z
  .discriminatedUnion(
    'as',
    [
      image,
      plain('depth'),
      plain('rgbd'),
      plain('vector'),
      plain('window'),
      plain('pyramid'),
      tokens,
      plain('ages'),
      plain('mask'),
    ],
    {
      error: issue =>
        issue.code === 'invalid_union' ? unknownName('kind of input', kindOf(issue.input), KINDS) : undefined,
    },
  )
  .superRefine((input, context) => {
    const fault = shapeFault(input)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })

const vectorOutput = mapping({ dtype: float32, shape: z.array(size) })

const chunkOutput = mapping({
  dtype: float32,
  shape: z.tuple(
    [
      z.literal(1),
      size,
      z.literal(CHANNELS.length, {
        error: issue => `expected ${CHANNELS.length} values a row (${CHANNELS.join(', ')}), got ${String(issue.input)}`,
      }),
    ],
    { error: `expected [1, rows, ${CHANNELS.length}]` },
  ),
  channels: z
    .array(mapping({ name: z.string(), unit: z.string() }))
    .refine(
      channels =>
        channels.length === CHANNELS.length &&
        CHANNELS.every((name, i) => channels[i]!.name === name && channels[i]!.unit === CHANNEL_UNITS[name]),
      { error: `expected the channels ${CHANNELS.map(name => `${name} (${CHANNEL_UNITS[name]})`).join(', ')}` },
    ),
  frame: z.literal('tool'),
  rate: z.number().positive(),
})

const contractSchema = mapping({
  version: z.literal(1, {
    error: issue => `version ${JSON.stringify(issue.input)} is not one that this program reads (1)`,
  }),
  name: z.string().min(1),
  robot: mapping({
    name: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'expected 64 hex digits' }),
    canonical: z.string(),
  }),
  inputs: z
    .record(z.string(), inputSchema)
    .refine(inputs => Object.keys(inputs).length > 0, { error: 'expected at least one input' }),
  outputs: mapping(
    {
      action_chunk: chunkOutput,
      grasp_success: vectorOutput.optional(),
      gate: vectorOutput.optional(),
      latent: vectorOutput.optional(),
    },
    OUTPUT,
  ),
  vocabulary: z.array(z.string()).default([]),
  normalisation: z.record(z.string(), z.unknown()).optional(),
  training: z.record(z.string(), z.unknown()).optional(),
}).superRefine(({ inputs, vocabulary }, context) => {
  if (!Object.values(inputs).some(input => input.as === 'tokens')) return
  if (vocabulary[0] === PAD && vocabulary[1] === UNKNOWN && new Set(vocabulary).size === vocabulary.length) return
  context.addIssue({
    code: 'custom',
    path: ['vocabulary'],
    message: `a policy with tokens needs distinct words, the first two "${PAD}" and "${UNKNOWN}"`,
  })
})

/** What a policy says of itself in its metadata; see docs/reference/policy-contract.md. */
export type Contract = z.output<typeof contractSchema>
export type InputSpec = z.output<typeof inputSchema>
export type InputKind = InputSpec['as']
export type DType = InputSpec['dtype']

/**
 * Checks a contract's own rules. `where` names it in messages. Throws PolicyError `POLICY_CONTRACT`, one line with
 * everything that is wrong.
 */
export function parseContract(value: unknown, where: string): Contract {
  const { data, issues } = validate(contractSchema, value)
  if (!issues) return data
  const faults = issues.map(issueText)
  throw new PolicyError('POLICY_CONTRACT', `${where}: not a policy contract: ${faults.join('; ')}`, {
    differences: faults,
  })
}

/** Number of values in a tensor of this shape. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1)
}

type Pattern = readonly (number | string)[]

/** Shapes by kind; a word stands for any size. */
const SHAPES: Readonly<Record<InputKind, Pattern>> = {
  image: [1, 3, 'H', 'W'],
  depth: [1, 1, 'H', 'W'],
  rgbd: [1, 4, 'H', 'W'],
  vector: [1, 'P'],
  window: [1, 6],
  pyramid: [1, 6, '4 x windows'],
  tokens: [1, 'T'],
  ages: [1, 'K'],
  mask: [1, 'streams'],
}

/** How many streams a kind is made from; undefined: one or more. */
const STREAM_COUNT: Readonly<Record<InputKind, number | undefined>> = {
  image: 1,
  depth: 1,
  rgbd: 2,
  vector: undefined,
  window: 1,
  pyramid: 1,
  tokens: 1,
  ages: 1,
  mask: undefined,
}

function kindOf(input: unknown): string {
  return input !== null && typeof input === 'object' && 'as' in input ? String(input.as) : ''
}

function shapeFault(input: InputSpec): string | undefined {
  const { as, shape, from } = input
  const pattern = SHAPES[as]
  if (
    shape.length !== pattern.length ||
    pattern.some((length, i) => typeof length === 'number' && length !== shape[i])
  ) {
    return `${as} has the shape [${pattern.join(', ')}], not [${shape.join(', ')}]`
  }
  const count = STREAM_COUNT[as]
  if (count !== undefined && from.length !== count)
    return `${as} is made from ${count} stream${count > 1 ? 's' : ''}, not ${from.length}`
  const last = shape[shape.length - 1]!
  if (as === 'pyramid' && last % 4 !== 0) return `pyramid has 4 statistics a window; ${last} is not a multiple of 4`
  if (as === 'mask' && last !== from.length)
    return `mask has one value a stream; the shape says ${last}, from names ${from.length}`
  if (input.as === 'tokens' && last % input.per_event !== 0)
    return `tokens: ${last} is not a multiple of per_event ${input.per_event}`
  return undefined
}
