import { readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../../middleware/message-of.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import type { Contract } from '../../policy/contract/contract.js'
import type { EncoderContract } from '../../policy/contract/encoder-contract.js'
import type { HeadEncoder } from '../../policy/contract/head-encoder.js'
import { contractOfMap, encoderContractOfMap } from '../../policy/contract/map-contract.js'
import {
  checkEncoderMap,
  checkModelMap,
  incompleteMap,
  isEncoderMap,
  readMap,
} from '../../policy/contract/model-map.js'
import type { OnnxModel } from '../../policy/contract/onnx-metadata.js'
import { mapOfBundle } from '../../policy/leapp/bundle-map.js'
import type { Bundle, InitialValues } from '../../policy/leapp/bundle.js'
import { mapOfCheckpoint } from '../../policy/lerobot/checkpoint-map.js'
import { readCheckpoint, type CheckpointFolder } from '../../policy/lerobot/checkpoint.js'
import type { JointUnit } from '../../policy/lerobot/joint-units.js'
import { LARGEST_STATISTICS } from '../../policy/lerobot/safetensors.js'
import { readSetNames, type SetNames } from '../../policy/lerobot/set-names.js'
import { inKnownUnits } from '../../policy/lerobot/map-units.js'
import { PolicyError } from '../../policy/policy-error.js'
import type { Calibration } from '../../robots/actuators/lerobot-calibration.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import { calibrationAt } from '../robot/calibration-file.js'

export { JOINT_UNITS } from '../../policy/lerobot/joint-units.js'

/** Where it is said what a model's inputs and outputs are. */
export interface MapOptions {
  /** A map in YAML. Beside a checkpoint it says what that does not, and goes before it. */
  readonly map?: string | undefined
  /** The folder of a LeRobot checkpoint. */
  readonly checkpoint?: string | undefined
  /** The folder of a LeRobot set. */
  readonly dataset?: string | undefined
  readonly jointUnit?: JointUnit | undefined
  /** A calibration file of LeRobot. It goes before those of the robot file and of the map. */
  readonly calibration?: string | undefined
  /** The LEAPP bundle that the model is of. */
  readonly bundle?: { readonly path: string; readonly says: Bundle; readonly initial: InitialValues } | undefined
  /** The encoder that feeds the model, which is a head. */
  readonly encoder?: HeadEncoder | undefined
}

/** The files that `contractFor` reads. */
export function filesOf({ map, dataset, calibration }: MapOptions): string[] {
  return [map, dataset === undefined ? undefined : infoOf(dataset), calibration].filter(each => each !== undefined)
}

/** Whether a model is an encoder: its map has features. Throws as `contractFor`. */
export const isOfEncoder = ({ map }: MapOptions): boolean => map !== undefined && isEncoderMap(readMap(text(map), map))

/** The contract of the encoder in `file`, by its map. Throws as `contractFor`. */
export function encoderContractFor(options: MapOptions, model: OnnxModel, robot: Robot, file: string): EncoderContract {
  const { checkpoint, bundle, encoder, map = '' } = options
  if (checkpoint !== undefined || bundle !== undefined)
    throw new UsageError(
      `${map}: has features, so it is of an encoder, and ${checkpoint ?? bundle?.path} is of a policy: leave one out`,
    )
  if (encoder !== undefined)
    throw new UsageError(`${map}: has features, so it is of an encoder, which has no other one: leave --encoder out`)
  const { map: said, name, faults } = mapOf(options, model, robot)
  const where = `${file} with ${name} does not fit robot file ${robot.name}`
  const contract = (): EncoderContract => encoderContractOfMap(checkEncoderMap(said, name), model, robot, where)
  if (faults.length === 0) return contract()
  throw all(faults, differencesOf(contract), where)
}

/**
 * The contract of the model in `file`, by what is said of it. Throws UsageError where something is not said or not read,
 * PolicyError `POLICY_MAP` with all that does not fit the graph and the robot file.
 */
export function contractFor(options: MapOptions, model: OnnxModel, robot: Robot, file: string): Contract {
  const { map, name, faults } = mapOf(options, model, robot)
  const where = `${file} with ${name} does not fit robot file ${robot.name}`
  if (faults.length === 0) return contractOfMap(checkModelMap(map, name), model, robot, where, options.encoder)
  throw all(faults, faultsOfTheRest(map, options, model, robot), where)
}

function all(faults: readonly string[], more: readonly string[], where: string): PolicyError {
  const differences = [...new Set([...faults, ...more])]
  return new PolicyError('POLICY_MAP', `${where}: ${differences.join('; ')}`, { differences })
}

/** What a contract is refused for. */
function differencesOf(contract: () => unknown): readonly string[] {
  try {
    contract()
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.differences
  }
}

interface SaidMap {
  readonly map: unknown
  /** What messages call it. */
  readonly name: string
  /** What is missing or does not fit the robot. */
  readonly faults: string[]
}

function mapOf(options: MapOptions, model: OnnxModel, robot: Robot): SaidMap {
  const { map: file, checkpoint: folder, dataset, jointUnit, bundle } = options
  if (folder === undefined && (dataset !== undefined || jointUnit !== undefined))
    throw new UsageError('--dataset and --joint-unit are of a checkpoint: say --checkpoint DIR, or leave them out')
  if (folder !== undefined && bundle !== undefined)
    throw new UsageError(`${bundle.path}: a LEAPP bundle has no LeRobot checkpoint: leave --checkpoint out`)
  const source = folder ?? bundle?.path
  if (source === undefined && file === undefined)
    throw new UsageError('it is not said what the inputs and outputs are: say --map FILE or --checkpoint DIR')
  const written = file === undefined ? {} : readMap(text(file), file)
  const calibration = calibrationOf(options, written, robot)
  const { map, faults } = foundMap(written, calibration, options, model, robot)
  return {
    map: inKnownUnits(map, { robot, calibration, faults }),
    name: [source, file].filter(Boolean).join(' and '),
    faults,
  }
}

/** The map that is written, or that of a checkpoint or a bundle with what is written before it. */
function foundMap(
  written: unknown,
  calibration: Calibration | undefined,
  { map: file = '', checkpoint, dataset, jointUnit: unit, bundle }: MapOptions,
  model: OnnxModel,
  robot: Robot,
): { readonly map: unknown; readonly faults: string[] } {
  if (bundle !== undefined) return mapOfBundle(bundle.says, robot, incompleteMap(written, file), bundle.initial)
  if (checkpoint === undefined) return { map: written, faults: [] }
  const given = incompleteMap(written, file)
  const set = dataset === undefined ? undefined : setAt(dataset)
  return mapOfCheckpoint({
    checkpoint: readCheckpoint(folderAt(checkpoint)),
    set,
    unit,
    calibration,
    robot,
    model,
    given,
  })
}

/** The calibration of `--calibration`, or the one that the map names, relative to its folder. */
function calibrationOf(
  { calibration: flag, map = '' }: MapOptions,
  written: unknown,
  robot: Robot,
): Calibration | undefined {
  const { data: named } = calibratedSchema.safeParse(written)
  const path = flag ?? (named && resolve(dirname(map), named.calibration))
  return path === undefined ? undefined : calibrationAt(path, robot)
}

/** What does not fit besides, where some inputs or the chunk are not known. */
function faultsOfTheRest(map: unknown, { encoder }: MapOptions, model: OnnxModel, robot: Robot): readonly string[] {
  const { data } = saidSchema.safeParse(map)
  if (data === undefined) return []
  const known = Object.entries(data.inputs).filter(
    ([, { as, from }]) => as !== undefined && !(Array.isArray(from) && from.length === 0),
  )
  const names = known.map(([name]) => name)
  const { action_chunk: chunk } = data.outputs
  const isSaid = ['rate', 'tensor', 'groups'].every(key => chunk[key] !== undefined)
  const rest = {
    ...data,
    inputs: Object.fromEntries(known),
    ...(!isSaid && { outputs: { action_chunk: { rate: 1, tensor: model.outputs[0]?.name } } }),
  }
  const graph = { ...model, inputs: model.inputs.filter(({ name }) => names.includes(name)) }
  return differencesOf(() => contractOfMap(checkModelMap(rest, ''), graph, robot, '', encoder)).filter(
    each => isSaid || /^(inputs?[ .]|dimension )/.test(each),
  )
}

const calibratedSchema = z.looseObject({ calibration: z.string() })

const saidSchema = z.looseObject({
  inputs: z.record(z.string(), z.looseObject({ as: z.string().optional(), from: z.unknown().optional() })),
  outputs: z.looseObject({ action_chunk: z.record(z.string(), z.unknown()) }),
})

const infoOf = (dataset: string): string => join(dataset, 'meta', 'info.json')

function setAt(dataset: string): SetNames {
  const file = infoOf(dataset)
  return readSetNames(text(file), file)
}

function folderAt(path: string): CheckpointFolder {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(`${path}: no folder; --checkpoint names the folder with config.json (…/pretrained_model)`)
  return {
    path,
    read(name) {
      const file = join(path, name)
      const info = statSync(file, { throwIfNoEntry: false })
      if (info === undefined) return undefined
      if (!info.isFile()) throw new UsageError(`${file}: not a file`)
      if (info.size > LARGEST_STATISTICS)
        throw new UsageError(`${file}: has ${info.size} bytes, at most ${LARGEST_STATISTICS} are read`)
      return readFileSync(file)
    },
  }
}

function text(path: string): string {
  try {
    return readTextSync(path, LARGEST_TEXT)
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${messageOf(error)}`)
  }
}
