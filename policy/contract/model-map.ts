import { parseDocument } from 'yaml'
import { z } from 'zod'
import type { Robot } from '../../robots/robot.js'
import { issueText, mapping, short, shortList, validate } from '../../robots/validation.js'
import { checkAgainstRobot } from './contract-robot.js'
import { CHANNEL_UNITS, parseContract, type Contract } from './contract.js'
import { checkAgainstGraph, shapeText, type GraphTensor, type OnnxModel } from './onnx-metadata.js'
import { PolicyError } from '../policy-error.js'

const shape = z.array(z.int().min(1))
const input = mapping({
  as: z.string(),
  from: z.union([z.string().transform(name => [name]), z.array(z.string())], {
    error: issue =>
      `expected the name of a stream or a list of them, got ${short(JSON.stringify(issue.input) ?? 'nothing')}`,
  }),
  per_event: z.int().min(1).optional(),
  shape: shape.optional(),
})
const output = mapping({ shape: shape.optional() })
/** The names by which a policy's outputs are known. */
const OUTPUTS = ['action_chunk', 'grasp_success', 'gate', 'latent'] as const

const mapSchema = mapping({
  name: z.string().min(1),
  inputs: z.record(z.string(), input),
  outputs: z.strictObject(
    {
      action_chunk: mapping({ rate: z.number().positive(), shape: shape.optional() }),
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
  vocabulary: z.array(z.string()).optional(),
  normalisation: z.record(z.string(), z.unknown()).optional(),
  training: z.record(z.string(), z.unknown()).optional(),
})

/**
 * What a graph's inputs and outputs are, for a model that comes from elsewhere; names are the graph's. See
 * docs/reference/policy-contract.md.
 */
export type ModelMap = z.output<typeof mapSchema>

/** Outputs are found by their names, so a model that calls one otherwise needs another name in its graph. */
function otherName(name: string): string {
  return (
    `'${short(name)}': a policy's outputs are called ${OUTPUTS.join(', ')}: give this one its name in ` +
    `the model (torch.onnx.export(…, output_names=['action_chunk'])), or leave it out of the map`
  )
}

/**
 * Reads the text of a map. `where` names it in messages. Throws PolicyError `POLICY_MAP`, one line with everything that
 * is wrong.
 */
export function parseModelMap(text: string, where: string): ModelMap {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' })
  const [syntax] = document.errors
  if (syntax)
    throw new PolicyError('POLICY_MAP', `${where}: not YAML: ${syntax.message.split('\n')[0]}`, { cause: syntax })
  const { data, issues } = validate(mapSchema, document.toJS({ maxAliasCount: 100 }))
  if (!issues) return data
  const faults = issues.map(issueText)
  throw new PolicyError('POLICY_MAP', `${where}: not a map of a model: ${faults.join('; ')}`, { differences: faults })
}

/**
 * The contract that a map gives to a model: dtypes and shapes from the graph, the translation from the robot file.
 * Throws PolicyError `POLICY_MAP` with the list of everything in which model, map and robot file differ.
 */
export function contractOfMap(map: ModelMap, model: OnnxModel, robot: Robot, where: string): Contract {
  const faults: string[] = []
  const tensors = {
    input: new Map(model.inputs.map(tensor => [tensor.name, tensor])),
    output: new Map(model.outputs.map(tensor => [tensor.name, tensor])),
  }
  const spec = (
    side: 'input' | 'output',
    name: string,
    given: readonly number[] | undefined,
  ): { dtype: string; shape: readonly number[] } | undefined => {
    const tensor = tensors[side].get(name)
    if (tensor === undefined) {
      faults.push(
        `${side} ${name}: in the map, not in the graph (it has ` +
          `${shortList([...tensors[side].keys()])})${side === 'output' ? ": give the graph's own output this name" : ''}`,
      )
      return undefined
    }
    const shape = given ?? closed(tensor)
    if (shape === undefined)
      faults.push(
        `${side} ${name}: the graph leaves its shape open, ${shapeText(tensor.shape)}: say it in the map ` +
          '(shape: [1, …])',
      )
    return shape && { dtype: tensor.dtype, shape }
  }
  const inputs = Object.entries(map.inputs).flatMap(([name, { shape, ...rest }]) => {
    const found = spec('input', name, shape)
    return found ? [[name, { ...rest, ...found }] as const] : []
  })
  for (const name of tensors.input.keys())
    if (!Object.hasOwn(map.inputs, name)) faults.push(`input ${name}: in the graph, not in the map`)
  const outputs = Object.entries(map.outputs).flatMap(([name, { shape, ...rest }]) => {
    const found = spec('output', name, shape)
    return found ? [[name, { ...rest, ...found, ...(name === 'action_chunk' ? CHUNK : {}) }] as const] : []
  })
  const { name, vocabulary, normalisation, training } = map
  const { name: robotName, sha256, canonical } = robot
  // A chunk that is not there has been named already: the rest is checked as if it were.
  const value = {
    version: 1,
    name,
    robot: { name: robotName, sha256, canonical },
    inputs: Object.fromEntries(inputs),
    outputs: {
      action_chunk: { ...CHUNK, dtype: 'float32', shape: [1, 1, 6], rate: 1 },
      ...Object.fromEntries(outputs),
    },
    ...(vocabulary && { vocabulary }),
    ...(normalisation && { normalisation }),
    ...(training && { training }),
  }
  const contract = parsedOr(value, where, faults)
  if (contract && faults.length === 0) faults.push(...checkAgainstGraph(contract, model))
  if (contract) faults.push(...checkAgainstRobot(contract, robot))
  if (faults.length > 0 || !contract)
    throw new PolicyError('POLICY_MAP', `${where}: ${faults.join('; ')}`, { differences: faults })
  return contract
}

const CHUNK = {
  frame: 'tool',
  channels: Object.entries(CHANNEL_UNITS).map(([name, unit]) => ({ name, unit })),
} as const

/** The graph's shape with a batch of 1; undefined where it leaves more open. */
function closed({ shape }: GraphTensor): readonly number[] | undefined {
  const whole = shape.map((length, i) => length ?? (i === 0 ? 1 : NaN))
  return whole.some(Number.isNaN) ? undefined : whole
}

function parsedOr(value: unknown, where: string, faults: string[]): Contract | undefined {
  try {
    return parseContract(value, where)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    faults.push(...error.differences)
    return undefined
  }
}
