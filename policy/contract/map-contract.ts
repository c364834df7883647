import type { Robot } from '../../robots/robot.js'
import { VERSION_1_GROUPS } from '../action/action-kinds.js'
import { ChunkLayout } from '../action/chunk-layout.js'
import { PolicyError } from '../policy-error.js'
import { checkAgainstGraph } from './contract-graph.js'
import { checkAgainstRobot } from './contract-robot.js'
import { parseContract, type Contract } from './contract.js'
import { parseEncoderContract, type EncoderContract, type GraphContract } from './encoder-contract.js'
import { actionGroups } from './group-spec.js'
import { encoderDifferences, type HeadEncoder } from './head-encoder.js'
import { hasScaling } from './map-scaling.js'
import { dimensionFaults, inputsOf, tensorFound } from './map-tensors.js'
import type { EncoderMap, GraphMap, ModelMap } from './model-map.js'
import type { OnnxModel } from './onnx-metadata.js'
import { CHANNEL_UNITS } from './output-spec.js'
import { UNKNOWN_SHA256 } from './unknown-sha256.js'

/** The chunk of contract version 1, beside its tensor and its rate. */
const VERSION_1_CHUNK = {
  frame: 'tool',
  channels: Object.entries(CHANNEL_UNITS).map(([name, unit]) => ({ name, unit })),
} as const

/**
 * The contract that a map gives to a model. Dtypes and shapes come from the graph, the translation from the robot file.
 * It has version 1 where the map says nothing that needs version 2. `encoder`: that of a head. Throws PolicyError
 * `POLICY_MAP` with all points in which model, map, encoder and robot file do not fit together.
 */
export function contractOfMap(
  map: ModelMap,
  model: OnnxModel,
  robot: Robot,
  where: string,
  encoder?: HeadEncoder,
): Contract {
  const version = versionOf(map)
  const faults = dimensionFaults(map, model)
  const value = {
    version,
    ...commonOf(map, model, robot, faults),
    outputs: outputsOf(map, model, version, faults),
    ...headOf(map, encoder, faults),
  }
  return fitting(value, parseContract, { model, robot, where, faults }, contract =>
    encoder ? encoderDifferences(contract, encoder) : [],
  )
}

/** As `contractOfMap`, for an encoder. */
export function encoderContractOfMap(map: EncoderMap, model: OnnxModel, robot: Robot, where: string): EncoderContract {
  const faults = dimensionFaults(map, model)
  const value = {
    version: 2,
    ...commonOf(map, model, robot, faults),
    features: featuresOf(map, model, faults),
  }
  return fitting(value, parseEncoderContract, { model, robot, where, faults })
}

function commonOf(map: GraphMap, model: OnnxModel, robot: Robot, faults: string[]) {
  const { name, vocabulary, normalisation, training } = map
  const { name: robotName, sha256, canonical } = robot
  return {
    name,
    robot: { name: robotName, sha256, canonical },
    inputs: inputsOf(map, model, faults),
    ...(vocabulary && { vocabulary }),
    ...(normalisation && { normalisation }),
    ...(training && { training }),
  }
}

interface Fit {
  readonly model: OnnxModel
  readonly robot: Robot
  readonly where: string
  /** What is known to be wrong. */
  readonly faults: string[]
}

type Value = Readonly<Record<string, unknown>> & { readonly inputs: Readonly<Record<string, unknown>> }

/** The contract of a value that fits graph and robot, and in which `more` finds nothing. Throws as `contractOfMap`. */
function fitting<C extends GraphContract>(
  value: Value,
  parse: (value: unknown, where: string) => C,
  { model, robot, where, faults }: Fit,
  more: (contract: C) => readonly string[] = () => [],
): C {
  const contract = parsedOr(value, parse, where, faults)
  if (contract && faults.length === 0) faults.push(...checkAgainstGraph(contract, model))
  faults.push(...(contract ? [...checkAgainstRobot(contract, robot), ...more(contract)] : faultsOfParts(value, robot)))
  if (faults.length > 0 || !contract)
    throw new PolicyError('POLICY_MAP', `${where}: ${faults.join('; ')}`, { differences: faults })
  return contract
}

/** What of a value that is no contract does not fit the robot: each input, and the outputs, by itself. */
function faultsOfParts({ features, tick: _tick, encoder: _encoder, ...value }: Value, robot: Robot): string[] {
  const faultsOf = (part: object): string[] => {
    const contract = parsedOr({ ...value, ...part }, parseContract, '', [])
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
    ...(features === undefined ? faultsOf({ inputs: anyInput }) : []),
  ]
}

/** Kinds of inputs that version 1 does not know. */
const WITHOUT_STREAMS = ['padding', 'noise', 'state', 'feature']

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

/** The keys of a head, by its map and its encoder. */
function headOf({ inputs, tick, encoder: own }: ModelMap, encoder: HeadEncoder | undefined, faults: string[]) {
  const fed = Object.entries(inputs).filter(([, { as }]) => as === 'feature')
  if (encoder === undefined && fed.length > 0)
    faults.push(`input ${fed[0]![0]}: is a feature of an encoder: say --encoder FILE, the encoder with its contract`)
  const isFed = fed.length > 0 || own !== undefined || encoder !== undefined
  return { ...(tick && { tick }), ...(isFed && { encoder: { ...own, sha256: encoder?.sha256 ?? UNKNOWN_SHA256 } }) }
}

function featuresOf(map: EncoderMap, model: OnnxModel, faults: string[]): Record<string, unknown> {
  const features = Object.entries(map.features).map(([name, { shape, tensor }]) => {
    const found = tensorFound('feature', name, { shape, tensors: model.outputs, map, faults, its: tensor })
    // A feature that the graph lacks is already in the list of faults. The rest is checked as if it were there.
    return [name, found ?? { dtype: 'float32', shape: [1] }] as const
  })
  return Object.fromEntries(features)
}

function parsedOr<C extends GraphContract>(
  value: unknown,
  parse: (value: unknown, where: string) => C,
  where: string,
  faults: string[],
): C | undefined {
  try {
    return parse(value, where)
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    faults.push(...error.differences)
    return undefined
  }
}
