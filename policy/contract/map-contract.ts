import type { Robot } from '../../robots/robot.js'
import { short, shortList } from '../../robots/validation.js'
import { VERSION_1_GROUPS } from '../action/action-kinds.js'
import { ChunkLayout } from '../action/chunk-layout.js'
import { PolicyError } from '../policy-error.js'
import { checkAgainstGraph, shapeText } from './contract-graph.js'
import { checkAgainstRobot } from './contract-robot.js'
import { parseContract, type Contract } from './contract.js'
import { actionGroups } from './group-spec.js'
import { hasScaling, intoGraph, limitsInSi } from './map-scaling.js'
import type { ModelMap } from './model-map.js'
import type { GraphTensor, OnnxModel } from './onnx-metadata.js'
import { CHANNEL_UNITS } from './output-spec.js'

/** The chunk of contract version 1, beside its tensor and its rate. */
const VERSION_1_CHUNK = {
  frame: 'tool',
  channels: Object.entries(CHANNEL_UNITS).map(([name, unit]) => ({ name, unit })),
} as const

/**
 * The contract that a map gives to a model. Dtypes and shapes come from the graph, the translation from the robot file.
 * It has version 1 where the map says nothing that needs version 2. Throws PolicyError `POLICY_MAP` with all points in
 * which model, map and robot file do not fit together.
 */
export function contractOfMap(map: ModelMap, model: OnnxModel, robot: Robot, where: string): Contract {
  const version = versionOf(map)
  const faults = dimensionFaults(map, model)
  const { name, vocabulary, normalisation, training } = map
  const { name: robotName, sha256, canonical } = robot
  const value = {
    version,
    name,
    robot: { name: robotName, sha256, canonical },
    inputs: inputsOf(map, model, faults),
    outputs: outputsOf(map, model, version, faults),
    ...(vocabulary && { vocabulary }),
    ...(normalisation && { normalisation }),
    ...(training && { training }),
  }
  const contract = parsedOr(value, where, faults)
  if (contract && faults.length === 0) faults.push(...checkAgainstGraph(contract, model))
  faults.push(...(contract ? checkAgainstRobot(contract, robot) : faultsOfParts(value, robot)))
  if (faults.length > 0 || !contract)
    throw new PolicyError('POLICY_MAP', `${where}: ${faults.join('; ')}`, { differences: faults })
  return contract
}

/** What of a value that is no contract does not fit the robot: each input, and the outputs, by itself. */
function faultsOfParts(
  value: { readonly inputs: Record<string, unknown>; readonly outputs: Record<string, unknown> },
  robot: Robot,
): string[] {
  const faultsOf = (part: object): string[] => {
    const contract = parsedOr({ ...value, ...part }, '', [])
    return contract ? checkAgainstRobot(contract, robot) : []
  }
  const anyInput = { any: { as: 'mask', from: [robot.streams[0]?.name], dtype: 'float32', shape: [1, 1] } }
  const anyOutput = {
    version: 2,
    outputs: {
      action_chunk: { dtype: 'float32', shape: [1, 1], rate: 1, groups: [{ name: 'any', kind: 'scalar', unit: '' }] },
    },
  }
  return [
    ...Object.entries(value.inputs).flatMap(([name, input]) =>
      faultsOf({ ...anyOutput, inputs: { [name]: input } }).filter(fault => fault.startsWith('input ')),
    ),
    ...faultsOf({ inputs: anyInput }),
  ]
}

/** Kinds of inputs that version 1 does not know. */
const WITHOUT_STREAMS = ['padding', 'noise', 'state']

function versionOf({ inputs, outputs }: ModelMap): 1 | 2 {
  const isNew =
    outputs.action_chunk.groups !== undefined ||
    Object.values(outputs).some(output => output?.tensor !== undefined) ||
    Object.values(inputs).some(
      input =>
        hasScaling(input) ||
        input.history !== undefined ||
        input.limits !== undefined ||
        WITHOUT_STREAMS.includes(input.as),
    )
  return isNew ? 2 : 1
}

function dimensionFaults({ dimensions = {} }: ModelMap, { inputs, outputs }: OnnxModel): string[] {
  const known = new Set([...inputs, ...outputs].flatMap(namesIn))
  return Object.keys(dimensions).flatMap(name =>
    known.has(name) ? [] : [`dimension ${short(name)}: in the map, not in the graph (it has ${shortList([...known])})`],
  )
}

function inputsOf(map: ModelMap, model: OnnxModel, faults: string[]): Record<string, unknown> {
  const inputs = Object.entries(map.inputs).flatMap(([name, given]) => {
    const { shape, unit, limits, scale, bias, mean, std, min, max, ...rest } = given
    const found = tensorFound('input', name, { shape, tensors: model.inputs, map, faults })
    if (found === undefined) return []
    const scaling = hasScaling(given) ? intoGraph({ scale, bias, mean, std, min, max }, unit ?? []) : undefined
    const inSi = limits && { limits: limitsInSi(limits, unit ?? []) }
    return [[name, { ...rest, ...found, ...inSi, ...scaling }] as const]
  })
  for (const { name } of model.inputs)
    if (!Object.hasOwn(map.inputs, name)) faults.push(`input ${name}: in the graph, not in the map`)
  return Object.fromEntries(inputs)
}

function outputsOf(map: ModelMap, model: OnnxModel, version: 1 | 2, faults: string[]): Record<string, unknown> {
  const groups = map.outputs.action_chunk.groups ?? VERSION_1_GROUPS
  const chunk = version === 1 ? VERSION_1_CHUNK : { groups }
  const outputs = Object.entries(map.outputs).flatMap(([name, output]) => {
    if (output === undefined) return []
    const { shape, tensor, ...rest } = output
    const found = tensorFound('output', name, { shape, tensors: model.outputs, map, faults, its: tensor })
    return found ? [[name, { ...rest, ...found, ...(name === 'action_chunk' ? chunk : {}) }] as const] : []
  })
  // A missing chunk is already in the list of faults. The rest is checked as if it were there.
  const columns = new ChunkLayout(actionGroups(groups)).columns.length
  return {
    action_chunk: { ...chunk, dtype: 'float32', shape: [1, 1, columns], rate: 1 },
    ...Object.fromEntries(outputs),
  }
}

interface Found {
  readonly dtype: string
  readonly shape: readonly number[]
  /** The graph's name, where it is another one. */
  readonly tensor?: string
}

interface Sought {
  /** The shape that the map says. */
  readonly shape: readonly number[] | undefined
  readonly tensors: readonly GraphTensor[]
  readonly map: ModelMap
  readonly faults: string[]
  /** The graph's name. */
  readonly its?: string | undefined
}

/** The tensor of the graph for an input or output. Undefined, with a fault, where there is none. */
function tensorFound(
  side: 'input' | 'output',
  name: string,
  { shape: given, tensors, map, faults, its = name }: Sought,
): Found | undefined {
  const tensor = tensors.find(candidate => candidate.name === its)
  const called = its === name ? name : `${name} (tensor ${its})`
  if (tensor === undefined) {
    const hint = side === 'output' ? `: say how the graph calls it (${name}: { tensor: NAME, … })` : ''
    faults.push(
      `${side} ${called}: in the map, not in the graph (it has ${shortList(tensors.map(t => t.name))})${hint}`,
    )
    return undefined
  }
  const shape = given ?? closed(tensor, map.dimensions ?? {})
  if (shape === undefined) {
    const open = namesIn({ ...tensor, shape: tensor.shape.slice(1) }).filter(
      each => !Object.hasOwn(map.dimensions ?? {}, each),
    )
    faults.push(
      `${side} ${called}: the graph leaves its shape open, ${shapeText(tensor.shape)}: say it in the map ` +
        `(shape: [1, …]${open.length === 0 ? '' : `, or dimensions: { ${open.map(each => `${each}: …`).join(', ')} }`})`,
    )
    return undefined
  }
  return { dtype: tensor.dtype, shape, ...(its !== name && { tensor: its }) }
}

/** The names of a tensor's open dimensions. */
const namesIn = ({ shape }: GraphTensor): string[] => shape.filter(length => typeof length === 'string')

/**
 * The shape in the graph with the map's dimensions and, where the map does not say it, a batch of 1. Undefined where
 * another dimension stays open.
 */
function closed({ shape }: GraphTensor, dimensions: Readonly<Record<string, number>>): readonly number[] | undefined {
  const sizeOf = (length: number | string | undefined): number | undefined =>
    typeof length === 'string' ? (Object.hasOwn(dimensions, length) ? dimensions[length] : undefined) : length
  const whole = shape.map((length, i) => sizeOf(length) ?? (i === 0 ? 1 : NaN))
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
