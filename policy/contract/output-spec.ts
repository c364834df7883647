import { z } from 'zod'
import { mapping, validate } from '../../robots/validation.js'
import { ChunkLayout } from '../action/chunk-layout.js'
import { CHANNELS } from '../policy.js'
import { actionGroups, groupSchema } from './group-spec.js'

/** SI units, in the order of CHANNELS. */
export const CHANNEL_UNITS: Readonly<Record<(typeof CHANNELS)[number], string>> = {
  dx: 'm',
  dy: 'm',
  dz: 'm',
  dyaw: 'rad',
  width: 'm',
  effort: 'N',
}

const size = z.int().min(1)
const float32 = z.literal('float32')
/** The types of outputs. They are read as float32. Version 1 has the first alone. */
const floats = z.enum(['float32', 'float16', 'float64'])
const rate = z.number().positive()
/** How messages call an output with an unknown name. */
const OUTPUT = 'output of a policy'

/** The graph's own name of an output, where it has another. */
const tensor = z.string().min(1).optional()
const vectorOutput = mapping({ dtype: floats, shape: z.array(size), tensor })

const version1Chunk = mapping({
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
  rate,
})

const version2Chunk = mapping({
  dtype: floats,
  shape: z.union([z.tuple([z.literal(1), size, size]), z.tuple([z.literal(1), size])], {
    error: 'expected [1, rows, columns], or [1, columns] for a single row',
  }),
  groups: z
    .array(groupSchema)
    .min(1)
    .superRefine((groups, context) => {
      const twice = groups.find(({ name }, i) => groups.findIndex(other => other.name === name) < i)
      if (twice) context.addIssue({ code: 'custom', message: `two groups are called '${twice.name}'` })
    }),
  rate,
  tensor,
}).superRefine(({ shape, groups }, context) => {
  const { columns } = new ChunkLayout(actionGroups(groups))
  if (shape.at(-1) === columns.length) return
  const names = columns.map(({ name }) => name).join(', ')
  context.addIssue({
    code: 'custom',
    path: ['shape'],
    message: `the groups have ${columns.length} columns (${names}), the shape has ${String(shape.at(-1))} values a row`,
  })
})

/** Which of the two a chunk is says one key, so that messages speak of that form alone. */
const chunkOutput = z.unknown().transform((value, context): Version1Chunk | Version2Chunk => {
  const schema = value !== null && typeof value === 'object' && 'groups' in value ? version2Chunk : version1Chunk
  const { data, issues } = validate<z.ZodType<Version1Chunk | Version2Chunk>>(schema, value)
  if (!issues) return data
  for (const { path, message } of issues) context.addIssue({ code: 'custom', path: [...path], message })
  return z.NEVER
})

type Version1Chunk = z.output<typeof version1Chunk>
type Version2Chunk = z.output<typeof version2Chunk>

/** The schema of the outputs of a policy. */
export const outputsSchema = mapping(
  {
    action_chunk: chunkOutput,
    grasp_success: vectorOutput.optional(),
    gate: vectorOutput.optional(),
    latent: vectorOutput.optional(),
  },
  OUTPUT,
).superRefine((outputs, context) => {
  const entries = Object.entries(outputs)
  const tensors = entries.map(([name, output]) => tensorOf(name, output))
  entries.forEach(([name], i) => {
    const fault = (message: string): void => context.addIssue({ code: 'custom', path: [name, 'tensor'], message })
    if (tensors[i] !== name && !('groups' in outputs.action_chunk))
      fault('version 1 of the contract calls an output by its name in the graph: write version 2')
    const first = tensors.indexOf(tensors[i]!)
    if (first < i) fault(`'${tensors[i]}' is ${entries[first]![0]} already`)
  })
})

/** How the graph calls an output of the contract. */
export function tensorOf(name: string, output: object | undefined): string {
  return output !== undefined && 'tensor' in output ? ((output.tensor as string | undefined) ?? name) : name
}

/** The outputs of a contract, or its features, by the names that the graph gives them. */
export function outputTensors<Output extends object>(
  outputs: Readonly<Record<string, Output | undefined>>,
): Record<string, Output> {
  return Object.fromEntries(
    Object.entries(outputs).flatMap(([name, output]) => (output ? [[tensorOf(name, output), output]] : [])),
  )
}

export type ChunkSpec = Version1Chunk | Version2Chunk

/** Number of rows of a chunk. */
export function rowsOf({ shape }: ChunkSpec): number {
  return shape.length === 3 ? shape[1] : 1
}
