import { z } from 'zod'
import { issueText, short, validate } from '../../robots/validation.js'
import { UNCHANGED, type Affine } from '../contract/affine.js'
import { PolicyError } from '../policy-error.js'
import { normalisationOf, type NormalisationMode } from './normalisation.js'
import { readSafetensors, type SafeTensor } from './safetensors.js'

const MODES = ['IDENTITY', 'MEAN_STD', 'MIN_MAX', 'QUANTILES', 'QUANTILE10'] as const
const feature = z.looseObject({ type: z.string(), shape: z.array(z.int().min(1)) })
const features = z.record(z.string(), feature)

const configSchema = z.looseObject({
  type: z.string(),
  n_obs_steps: z.int().min(1).default(1),
  horizon: z.int().min(1).optional(),
  input_features: features,
  output_features: features,
})

const pipelineSchema = z.looseObject({
  steps: z.array(
    z.looseObject({
      registry_name: z.string().optional(),
      class: z.string().optional(),
      config: z.record(z.string(), z.unknown()).default({}),
      state_file: z.string().optional(),
    }),
  ),
})
type Step = z.output<typeof pipelineSchema>['steps'][number]

const normaliserSchema = z.looseObject({
  eps: z.number().min(0).default(1e-8),
  features,
  norm_map: z.record(z.string(), z.enum(MODES)),
  normalize_observation_keys: z.array(z.string()).nullish(),
})
const relativeSchema = z.looseObject({
  enabled: z.boolean().default(false),
  exclude_joints: z.array(z.string()).nullish(),
  action_names: z.array(z.string()).nullish(),
})
const renameSchema = z.looseObject({ rename_map: z.record(z.string(), z.string()).default({}) })

/** What LeRobot has called the two steps that make actions relative to the state, and absolute again. */
const RELATIVE = new Set(['relative_actions_processor', 'delta_actions_processor'])
const ABSOLUTE = 'absolute_actions_processor'

/** Steps that change no number. */
const WITHOUT_NUMBERS = new Set(['to_batch_processor', 'device_processor'])

export type Feature = z.output<typeof feature>

/** What a checkpoint of LeRobot says of its policy. */
export interface Checkpoint {
  /** The kind of the policy, such as `act`. */
  readonly type: string
  /** Number of observations that it gets, the present one included. */
  readonly observations: number
  /** Number of rows that a policy of several observations makes. The first is that of the oldest observation. */
  readonly horizon: number | undefined
  readonly inputs: Readonly<Record<string, Feature>>
  readonly outputs: Readonly<Record<string, Feature>>
  /** How the set calls an input, by the name in the policy, where it is another one. */
  readonly renamed: ReadonlyMap<string, string>
  /** From the numbers of the set to those of the graph, by the name of the input. */
  readonly normalised: ReadonlyMap<string, Affine>
  /** From the numbers of the graph to those of the set. */
  readonly action: Affine
  /** Whether an action counts from the value of observation.state with the same index, in the numbers of the set. */
  isRelative(index: number): boolean
}

/** The files of a checkpoint's folder. */
export interface CheckpointFolder {
  readonly path: string
  /** The bytes of a file. Undefined: there is none. */
  read(name: string): Uint8Array | undefined
}

/**
 * Reads a checkpoint as LeRobot 0.4 to 0.6 writes it: config.json, policy_preprocessor.json, policy_postprocessor.json
 * and the statistics that these name. Formats: src/lerobot/processor/pipeline.py and normalize_processor.py of
 * huggingface/lerobot v0.6.1. Throws PolicyError `POLICY_CHECKPOINT`: one line with all faults.
 */
export function readCheckpoint(folder: CheckpointFolder): Checkpoint {
  const faults: string[] = []
  const config = read(folder, 'config.json', configSchema, faults)
  const before = read(folder, 'policy_preprocessor.json', pipelineSchema, faults)?.steps ?? []
  const after = read(folder, 'policy_postprocessor.json', pipelineSchema, faults)?.steps ?? []
  const renamed = new Map<string, string>()
  const normalised = new Map<string, Affine>()
  let action = UNCHANGED
  let relative: Relative | undefined
  const halves = { relative: 0, absolute: 0 }
  for (const [file, steps] of [
    ['policy_preprocessor.json', before],
    ['policy_postprocessor.json', after],
  ] as const) {
    steps.forEach((step, i) => {
      const name = step.registry_name ?? step.class ?? 'nameless'
      const where = `${file}: step ${i} (${short(name)})`
      const isFirst = file === 'policy_preprocessor.json'
      if (WITHOUT_NUMBERS.has(name)) return
      if (name === 'rename_observations_processor' && isFirst) {
        const given = checked(renameSchema, step.config, where, faults)
        for (const [from, to] of Object.entries(given?.rename_map ?? {})) renamed.set(to, from)
      } else if (name === (isFirst ? 'normalizer_processor' : 'unnormalizer_processor'))
        for (const [key, affine] of normalisations(folder, step, where, isFirst, faults))
          if (!isFirst && key === 'action') action = affine
          else if (isFirst && key !== 'action') normalised.set(key, affine)
          else continue
      else if (RELATIVE.has(name) && isFirst) {
        const given = checked(relativeSchema, step.config, where, faults)
        if (given?.enabled !== true) return
        halves.relative++
        relative = given
        if (steps.slice(0, i).some(isNormaliser))
          faults.push(`${where} comes behind the normalisation: ${IN_ITS_GRAPH}`)
      } else if (name === ABSOLUTE && !isFirst) {
        if (step.config['enabled'] !== true) return
        halves.absolute++
        if (steps.slice(i).some(isNormaliser)) faults.push(`${where} comes before the normalisation: ${IN_ITS_GRAPH}`)
      } else if (step.config['enabled'] !== false)
        faults.push(`${where} is none that a contract can say: ${IN_ITS_GRAPH}`)
    })
  }
  if (halves.relative !== halves.absolute)
    faults.push(
      `its actions are made ${halves.relative > 0 ? 'relative to the state and not absolute again' : 'absolute and were not relative to the state'}: the two files do not belong together`,
    )
  if (halves.relative > 0 && config && config.n_obs_steps > 1)
    faults.push('its actions count from the state, and of its several observations LeRobot does not say which')
  if (config && !Object.hasOwn(config.output_features, 'action'))
    faults.push(`config.json: output_features has no action (it has ${Object.keys(config.output_features).join(', ')})`)
  if (faults.length > 0 || config === undefined)
    throw new PolicyError('POLICY_CHECKPOINT', `${folder.path}: not a checkpoint that is read: ${faults.join('; ')}`, {
      differences: faults,
    })
  return {
    type: config.type,
    observations: config.n_obs_steps,
    horizon: config.horizon,
    inputs: config.input_features,
    outputs: config.output_features,
    renamed,
    normalised,
    action,
    isRelative: index => relative !== undefined && isRelative(relative, index),
  }
}

const IN_ITS_GRAPH = 'put what it does into the graph, and say the rest in a map'

const isNormaliser = ({ registry_name: name = '' }: Step): boolean =>
  name === 'normalizer_processor' || name === 'unnormalizer_processor'

type Relative = z.output<typeof relativeSchema>

/**
 * LeRobot leaves those actions absolute whose name contains one of `exclude_joints`; without names it leaves none
 * (_build_mask in processor/relative_action_processor.py of v0.6.1).
 */
function isRelative({ exclude_joints: left, action_names: names }: Relative, index: number): boolean {
  const name = names?.[index]?.toLowerCase()
  return name === undefined || !(left ?? []).some(each => each !== '' && name.includes(each.toLowerCase()))
}

/** The normalisation of each feature of a step. Those of the second file go from the graph to the set. */
function normalisations(
  folder: CheckpointFolder,
  { config, state_file: file }: Step,
  where: string,
  isForward: boolean,
  faults: string[],
): (readonly [string, Affine])[] {
  const given = checked(normaliserSchema, config, where, faults)
  if (given === undefined) return []
  const statistics = file === undefined ? new Map<string, SafeTensor>() : statisticsOf(folder, file, where, faults)
  if (statistics === undefined) return []
  return Object.entries(given.features).flatMap(([name, { type, shape }]) => {
    const mode: NormalisationMode = given.norm_map[type] ?? 'IDENTITY'
    const has = [...statistics.keys()].some(key => key.startsWith(`${name}.`))
    const isLeftOut = type !== 'ACTION' && given.normalize_observation_keys?.includes(name) === false
    // LeRobot leaves a feature without statistics as it is.
    if (mode === 'IDENTITY' || !has || isLeftOut) return []
    const count = type === 'VISUAL' ? shape[0]! : shape.reduce((product, length) => product * length, 1)
    const found = normalisationOf(mode, {
      isForward,
      eps: given.eps,
      statistic: statistic => statistics.get(`${name}.${statistic}`)?.data,
      count,
    })
    if (typeof found !== 'string') return [[name, found] as const]
    faults.push(`${where}: ${short(name)}: ${found}`)
    return []
  })
}

function statisticsOf(
  folder: CheckpointFolder,
  file: string,
  where: string,
  faults: string[],
): ReadonlyMap<string, SafeTensor> | undefined {
  if (!/^[\w.-]+\.safetensors$/.test(file)) {
    faults.push(`${where}: state_file '${short(file)}' is no name of a safetensors file in its folder`)
    return undefined
  }
  const bytes = folder.read(file)
  if (bytes !== undefined) return readSafetensors(bytes, `${folder.path}/${file}`)
  faults.push(`${where}: its file ${file} is not there`)
  return undefined
}

function read<T extends z.ZodType>(
  folder: CheckpointFolder,
  name: string,
  schema: T,
  faults: string[],
): z.output<T> | undefined {
  const bytes = folder.read(name)
  if (bytes === undefined) {
    const old =
      name === 'config.json' ? '' : ': LeRobot before 0.4 wrote none; its migrate_policy_normalization.py does'
    faults.push(`${name} is not there${old}`)
    return undefined
  }
  try {
    return checked(schema, JSON.parse(new TextDecoder().decode(bytes)), name, faults)
  } catch {
    faults.push(`${name}: not JSON`)
    return undefined
  }
}

function checked<T extends z.ZodType>(
  schema: T,
  value: unknown,
  where: string,
  faults: string[],
): z.output<T> | undefined {
  const { data, issues } = validate(schema, value)
  for (const issue of issues ?? []) faults.push(`${where}: ${issueText(issue)}`)
  return data
}
