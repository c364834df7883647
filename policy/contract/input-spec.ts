import { z } from 'zod'
import { mapping, unknownName } from '../../robots/validation.js'
import { DTYPES, type DType } from './dtype.js'
import { historyLength, historySchema, type HistorySpec } from './history.js'
import { inputScalingFault, inputScalingFields } from './input-scaling.js'
import { limitsSchema } from './limits.js'
import { elements } from './shape.js'

const size = z.int().min(1)
const shape = z.array(size)
const streams = z.array(z.string().min(1)).min(1)
const noStreams = z.array(z.string()).max(0, { error: 'is made from no stream: leave it out' }).default([])

/** Most numbers of the values with which a state begins. */
const MOST_INITIAL = 2048

/** The values with which a state begins: one number for all, or each of them, row-major. */
export const initialSchema = z.union([z.number(), z.array(z.number()).min(1).max(MOST_INITIAL)], {
  error: `expected a number, or at most ${MOST_INITIAL}, one for each value of the state`,
})

/** Bytes of the largest input, and of all ticks that one history keeps. */
export const MOST_BYTES = 2 ** 29

const FLOATS = ['float32', 'float16', 'float64'] as const
const NUMBERS = ['float32', 'float16', 'float64', 'bool', 'uint8', 'int32', 'int64'] as const

/** The types that a kind may have. */
const DTYPES_OF = {
  image: ['float32', 'uint8', 'float16'],
  depth: ['float32', 'float16'],
  rgbd: ['float32', 'float16'],
  vector: FLOATS,
  window: FLOATS,
  pyramid: FLOATS,
  tokens: ['int64', 'int32'],
  ages: FLOATS,
  mask: NUMBERS,
  padding: NUMBERS,
  noise: FLOATS,
  state: DTYPES,
  feature: DTYPES,
} as const satisfies Record<string, readonly DType[]>

export type InputKind = keyof typeof DTYPES_OF

/** Version 1 has these kinds and types alone, and no history. */
const VERSION_1: Readonly<Partial<Record<InputKind, readonly DType[]>>> = {
  image: ['float32', 'uint8'],
  depth: ['float32'],
  rgbd: ['float32'],
  vector: ['float32'],
  window: ['float32'],
  pyramid: ['float32'],
  tokens: ['int64'],
  ages: ['float32'],
  mask: ['float32'],
}

/** Values of a vector beyond these are brought to them, before the scale. */
const limitsField = { limits: limitsSchema.optional() }

function schemaOf(version: 1 | 2) {
  const types: Readonly<Partial<Record<InputKind, readonly DType[]>>> = version === 1 ? VERSION_1 : DTYPES_OF
  const kinds = Object.keys(types)
  const dtype = (as: InputKind) => z.enum((types[as] ?? []) as [DType, ...DType[]])
  // Version 1 does not know the key.
  const more = (version === 1 ? {} : { history: historySchema.optional() }) as {
    history: z.ZodOptional<typeof historySchema>
  }
  const scaling = (version === 1 ? {} : inputScalingFields) as typeof inputScalingFields
  const limits = (version === 1 ? {} : limitsField) as typeof limitsField
  const made = <const As extends Exclude<InputKind, 'tokens' | 'padding' | 'noise' | 'state' | 'feature'>>(as: As) =>
    mapping({ as: z.literal(as), dtype: dtype(as), shape, from: streams, ...more })
  const scaled = <const As extends 'image' | 'depth' | 'rgbd' | 'window' | 'pyramid'>(as: As) =>
    mapping({ as: z.literal(as), dtype: dtype(as), shape, from: streams, ...more, ...scaling })
  const both = [
    scaled('image'),
    scaled('depth'),
    scaled('rgbd'),
    mapping({
      as: z.literal('vector'),
      dtype: dtype('vector'),
      shape,
      from: streams,
      ...more,
      ...scaling,
      ...limits,
    }),
    scaled('window'),
    scaled('pyramid'),
    mapping({ as: z.literal('tokens'), dtype: dtype('tokens'), shape, from: streams, per_event: size, ...more }),
    made('ages'),
    made('mask'),
  ] as const
  const second = [
    mapping({
      as: z.literal('padding'),
      dtype: dtype('padding'),
      shape,
      from: noStreams,
      history: historySchema,
    }),
    mapping({
      as: z.literal('noise'),
      dtype: dtype('noise'),
      shape,
      from: noStreams,
      history: z.undefined({ error: 'noise has no history: leave it out' }).optional(),
    }),
    mapping({
      as: z.literal('state'),
      dtype: dtype('state'),
      shape,
      from: noStreams,
      output: z.string().min(1),
      initial: initialSchema.optional(),
    }),
    mapping({ as: z.literal('feature'), dtype: dtype('feature'), shape, from: noStreams, output: z.string().min(1) }),
  ] as const
  const all = [...both, ...second] as const
  return z
    .discriminatedUnion('as', version === 1 ? (both as unknown as typeof all) : all, {
      error: issue =>
        issue.code === 'invalid_union' ? unknownName('kind of input', kindOf(issue.input), kinds) : undefined,
    })
    .superRefine((input, context) => {
      const fault = shapeFault(input) ?? (version === 1 ? version1Fault(input) : undefined)
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
    })
}

/** The schema of an input of a policy, by version of the contract: what it is made from, its type and its shape. */
export const inputSchemas = { 1: schemaOf(1), 2: schemaOf(2) } as const

export type InputSpec = z.output<ReturnType<typeof schemaOf>>
/** An input that is sent to the graph with each run: made from an observation, or a feature. All but a state. */
export type SentInput = Exclude<InputSpec, { readonly as: 'state' }>
/** An input that is made from observations. */
export type MadeInput = Exclude<SentInput, { readonly as: 'feature' }>

type Pattern = readonly (number | string)[]

/** Shapes by kind, without a history. A word stands for any size. */
const SHAPES: Readonly<Record<Exclude<MadeInput['as'], 'noise'>, Pattern>> = {
  image: [1, 3, 'H', 'W'],
  depth: [1, 1, 'H', 'W'],
  rgbd: [1, 4, 'H', 'W'],
  vector: [1, 'P'],
  window: [1, 'P'],
  pyramid: [1, 'P', '4 x windows'],
  tokens: [1, 'T'],
  ages: [1, 'K'],
  mask: [1, 'streams'],
  padding: [1],
}

/** Number of streams from which a kind is made. Left out: one or more, or none. */
const STREAM_COUNT: Readonly<Partial<Record<InputKind, number>>> = {
  image: 1,
  depth: 1,
  rgbd: 2,
  window: 1,
  pyramid: 1,
  tokens: 1,
  ages: 1,
}

/**
 * The shape of one value of an input: its shape without the dimension of its history. [1, 3, H, W] of an image
 * [1, N, 3, H, W].
 */
export function valueShape(input: InputSpec): readonly number[] {
  const { shape } = input
  return historyOf(input) === undefined ? shape : [shape[0]!, ...shape.slice(2)]
}

/** The history of an input. Undefined: it has none. */
export function historyOf(input: InputSpec): HistorySpec | undefined {
  return input.as === 'state' || input.as === 'feature' ? undefined : input.history
}

/** The windows of version 1 are those of a wrench, and its vectors have one dimension. */
function version1Fault({ as, shape }: InputSpec): string | undefined {
  if (as === 'vector' && shape.length > 2) return `vector has the shape [1, P] in version 1, not [${shape.join(', ')}]`
  if ((as !== 'window' && as !== 'pyramid') || shape[1] === 6) return undefined
  return `${as} has 6 values in version 1 of the contract, not ${shape[1]}: write version 2`
}

function kindOf(input: unknown): string {
  return input !== null && typeof input === 'object' && 'as' in input ? String(input.as) : ''
}

function shapeFault(input: InputSpec): string | undefined {
  const { as, shape, from } = input
  if (elements(shape) > MOST_BYTES / 8) return `[${shape.join(', ')}] has more than ${MOST_BYTES / 8} values`
  if (input.as === 'feature') return undefined
  if (input.as === 'state') {
    const { initial } = input
    const count = elements(shape)
    return Array.isArray(initial) && initial.length !== count
      ? `initial has ${initial.length} numbers, the state ${count}: write one, or ${count}`
      : undefined
  }
  if (input.as === 'noise') return shape[0] === 1 ? undefined : `noise has a batch of 1, not [${shape.join(', ')}]`
  const length = historyLength(input.history)
  const [batch = 1, ...rest] = SHAPES[input.as]
  const pattern: (number | string)[] = input.history === undefined ? [batch, ...rest] : [batch, length, ...rest]
  // The values of a vector may be of several dimensions: [1, N, P] of a series.
  if (as === 'vector' && shape.length > pattern.length)
    for (let i = pattern.length; i < shape.length; i++) pattern.push('P')
  if (
    shape.length !== pattern.length ||
    pattern.some((length, i) => typeof length === 'number' && length !== shape[i])
  ) {
    const of = input.history === undefined ? '' : ` with a history of ${length}`
    return `${as}${of} has the shape [${pattern.join(', ')}], not [${shape.join(', ')}]`
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
  if (input.as === 'vector' && input.limits !== undefined) {
    const count = elements(valueShape(input))
    if (input.limits.length !== count) return `limits has ${input.limits.length} entries, the vector ${count} values`
  }
  return 'scale' in input || 'bias' in input ? inputScalingFault(input, valueShape(input), input.dtype) : undefined
}
