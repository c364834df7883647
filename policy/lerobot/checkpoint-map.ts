import type { Actuator, Robot, Stream } from '../../robots/robot.js'
import { SECOND } from '../../fusion/stamp.js'
import { isImageType, valueNames } from '../../fusion/stream-types/stream-types.js'
import { shortList } from '../../robots/validation.js'
import { followedBy, inverse, UNCHANGED, type Affine } from '../contract/affine.js'
import type { HistorySpec } from '../contract/history.js'
import { limitsOf, type Limits, type Range } from '../contract/limits.js'
import type { IncompleteMap } from '../contract/model-map.js'
import type { OnnxModel } from '../contract/onnx-metadata.js'
import { actionGroupsOf, type ActionGroupsOptions } from './action-groups.js'
import type { Checkpoint, Feature } from './checkpoint.js'
import { jointOf, jointToSi, type UnitOptions } from './joint-units.js'
import { JointFaults } from './joint-faults.js'
import { jointsCalled, namesOfArm, severalArms } from './robot-joints.js'

export interface CheckpointMapOptions extends ActionGroupsOptions {
  readonly model: OnnxModel
  /** The map of the user, which goes before. */
  readonly given: IncompleteMap
}

type Keys = Readonly<Record<string, unknown>>

/** The stream's values, or channels, that an input gets. */
interface Source {
  readonly as: string
  readonly from: readonly string[]
  /** From SI units to the numbers of the set. */
  readonly units: Affine
  /** Between which SI values LeRobot keeps them. */
  readonly limits?: Limits | undefined
}

/**
 * The map of a model by the checkpoint of its policy, in the form of a map that a user writes; what the user's own map
 * says goes before. `faults`: what is missing or does not fit the robot, a line each.
 */
export function mapOfCheckpoint(options: CheckpointMapOptions): { readonly map: Keys; readonly faults: string[] } {
  const { checkpoint, set, model, given } = options
  const faults: string[] = []
  const inputs = model.inputs.map(({ name }) => {
    const own = given.inputs?.[name] ?? {}
    const [key, feature] = featureNamed(name, checkpoint.inputs) ?? []
    if (key !== undefined && feature !== undefined)
      return [name, { ...inputOf(key, feature, own, options, faults), ...own }]
    if (own['as'] === undefined && bare(name) === 'noise') return [name, { as: 'noise', ...own }]
    if (own['as'] === undefined)
      faults.push(
        `input ${name}: none of the checkpoint's (${shortList(Object.keys(checkpoint.inputs))}): name it so in the ` +
          'export, or say in a map what it is',
      )
    return [name, own]
  })
  const ownChunk = given.outputs?.['action_chunk'] ?? {}
  const rate = ownChunk['rate'] ?? set?.rate
  if (rate === undefined)
    faults.push('its rate is not known: say --dataset DIR (the fps of its meta/info.json), or the rate in a map')
  const tensor = ownChunk['tensor'] ?? outputNamed(model, faults)
  const rows = horizonFault(tensor, options)
  if (rows !== undefined) faults.push(rows)
  const groups = ownChunk['groups'] ?? actionGroupsOf(options, faults)
  return {
    map: {
      ...given,
      name: given.name ?? checkpoint.type,
      inputs: { ...Object.fromEntries(inputs), ...strangers(given, model) },
      outputs: { ...given.outputs, action_chunk: { rate, tensor, groups, ...ownChunk } },
    },
    faults,
  }
}

/** Inputs of the user's map that the graph lacks. They are refused later. */
function strangers({ inputs = {} }: IncompleteMap, model: OnnxModel): Record<string, Keys> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !model.inputs.some(each => each.name === name)))
}

/** The same letters and digits, so that a graph may write `observation_state`. */
const bare = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')

function featureNamed(name: string, features: Checkpoint['inputs']): [string, Feature] | undefined {
  const all = Object.entries(features)
  return (
    all.find(([key]) => key === name) ??
    all.find(([key]) => bare(key) === bare(name) || bare(key) === bare(`observation.${name}`))
  )
}

/** How the graph calls the actions: `action`, `actions`, or its only output. */
function outputNamed({ outputs }: OnnxModel, faults: string[]): string | undefined {
  const found =
    outputs.find(({ name }) => ['action_chunk', 'action', 'actions'].includes(name)) ??
    (outputs.length === 1 ? outputs[0] : undefined)
  if (found === undefined)
    faults.push(
      `none of the graph's outputs (${shortList(outputs.map(({ name }) => name))}) is called action: say which it is ` +
        'in a map (outputs: { action_chunk: { tensor: NAME } })',
    )
  return found?.name
}

/** Why the rows of a graph do not begin at the observation. Undefined: they do. */
function horizonFault(tensor: unknown, { checkpoint, model }: CheckpointMapOptions): string | undefined {
  const { horizon, observations } = checkpoint
  const shape = model.outputs.find(({ name }) => name === tensor)?.shape ?? []
  if (observations === 1 || shape.length !== 3 || shape[1] !== horizon) return undefined
  return (
    `output ${String(tensor)}: its ${horizon} rows are the whole horizon, which begins at the oldest of ${observations} ` +
    `observations: export the rows from ${observations - 1} on, as LeRobot's generate_actions gives them`
  )
}

/** What an input is made from, and how its numbers become those of the graph. */
function inputOf(key: string, feature: Feature, own: Keys, options: CheckpointMapOptions, faults: string[]): Keys {
  const { checkpoint, robot } = options
  const fault = (why: string): void => void faults.push(`input ${key}: ${why}`)
  const named = checkpoint.renamed.get(key) ?? key
  const isGiven = own['from'] !== undefined
  const history = checkpoint.observations > 1 && { history: historyOf(options) }
  const source =
    feature.type === 'VISUAL'
      ? pictureOf(named, robot, isGiven, fault)
      : feature.type === 'STATE'
        ? stateOf(feature, options, own, fault)
        : undefined
  if (feature.type !== 'VISUAL' && feature.type !== 'STATE' && !isGiven)
    fault(`is of LeRobot's type ${feature.type}, which no stream of a robot is: say in a map what it is`)
  const { scale, bias } = followedBy(source?.units ?? UNCHANGED, checkpoint.normalised.get(key) ?? UNCHANGED)
  const limits = source?.limits && { limits: source.limits }
  return { ...(source && { as: source.as, from: source.from }), ...limits, scale, bias, ...history }
}

/** Observations at the ticks, or at the rate of the set where the ticks are known to have another. */
function historyOf({ checkpoint: { observations }, set, robot: { tick } }: CheckpointMapOptions): HistorySpec {
  const isSame = set === undefined || !('period' in tick) || Math.abs((tick.period * set.rate) / SECOND - 1) < 0.01
  return isSame ? { ticks: observations } : { samples: observations, rate: set.rate }
}

/** The camera of the same name, or the only one. */
function pictureOf(name: string, robot: Robot, isGiven: boolean, fault: (why: string) => void): Source | undefined {
  const cameras = robot.streams.filter(({ type, modality }) => isImageType(type) && modality === 'rgb')
  const wanted = name.replace(/^observation\.images?\.?/, '')
  const found = cameras.find(each => each.name === wanted) ?? (cameras.length === 1 ? cameras[0] : undefined)
  if (found === undefined && !isGiven)
    fault(
      `the robot file has no camera ${wanted} (it has ${shortList(cameras.map(each => each.name)) || 'none'}): ` +
        `say in a map from which it is`,
    )
  return { as: 'image', from: found ? [found.name] : [], units: UNCHANGED }
}

/** The streams whose values, one after another, are those of the set by name and in order. */
function stateOf(
  { shape }: Feature,
  { set, unit, robot, calibration }: CheckpointMapOptions,
  own: Keys,
  fault: (why: string) => void,
): Source | undefined {
  if (own['from'] !== undefined) return { as: 'vector', from: [], units: UNCHANGED }
  const names = set?.state
  if (names === undefined) {
    fault(
      'the names of its values are not known: say --dataset DIR (its meta/info.json has them), or its streams in a map',
    )
    return undefined
  }
  if (names.length !== shape[0]) {
    fault(`the checkpoint has ${shape[0]} values, the set ${names.length}: they do not belong together`)
    return undefined
  }
  const from = streamsFor(names, robot, fault)
  if (from === undefined) return undefined
  const values = from.flatMap(stream => (valueNames(stream) ?? []).map(value => ({ value, stream })))
  // What the map says of the numbers goes before.
  const isSaid = own['unit'] !== undefined || own['scale'] !== undefined
  if (unit === undefined && !isSaid && values.some(({ value }) => OF_JOINT.test(value)))
    fault('the unit of its joints is not known, since no set says it: say --joint-unit deg, lerobot or rad')
  const faults = new JointFaults()
  const units = values.map(
    ({ value, stream }): ValueUnits =>
      own['unit'] === undefined && unit !== undefined
        ? unitsOf(value, { unit, calibration, actuator: actuatorOf(value, stream, robot) }, faults.add)
        : UNCHANGED,
  )
  faults.lines().forEach(fault)
  const each = (of: 'scale' | 'bias') => units.map(unit => unit[of] as number)
  return {
    as: 'vector',
    from: from.map(({ name }) => name),
    units: { scale: each('scale'), bias: each('bias') },
    limits: limitsOf(units.map(({ range }) => range)),
  }
}

/** A value of a joint that has the unit of the joints, or that unit a second. */
const OF_JOINT = /^(position|velocity)\./

/** The actuator whose joint a value of a stream is. */
export function actuatorOf(value: string, { name }: Stream, robot: Robot): Actuator | undefined {
  const all = robot.actuators.filter(({ joints }) => joints.includes(value.replace(OF_JOINT, '')))
  return all.find(({ state }) => state === name) ?? all[0]
}

/** From a value of a stream in SI units to its number in a set, and the SI values between which LeRobot keeps it. */
export interface ValueUnits extends Affine {
  readonly range?: Range | undefined
}

/** The units of a value of a stream. A velocity has no bias and no range. `fault` is told of a joint whose unit is not known. */
export function unitsOf(
  value: string,
  options: Omit<UnitOptions, 'joint'>,
  fault: (joint: string, why: string) => void,
): ValueUnits {
  const [start, quantity] = OF_JOINT.exec(value) ?? []
  if (start === undefined) return UNCHANGED
  const joint = value.slice(start.length)
  const toSi = jointToSi({ ...options, joint })
  if (typeof toSi === 'string') {
    fault(joint, toSi)
    return UNCHANGED
  }
  const { scale, bias, range } = toSi
  return quantity === 'velocity' ? inverse({ scale, bias: 0 }) : { ...inverse({ scale, bias }), range }
}

function streamsFor(names: readonly string[], robot: Robot, fault: (why: string) => void): Stream[] | undefined {
  const called = (stream: Stream): string[] => (valueNames(stream) ?? []).map(value => `${stream.name}.${value}`)
  const all = robot.streams.filter(stream => called(stream).length > 0)
  const fits = (name: string, own: string): boolean =>
    name === own || jointOf(name) === jointOf(own) || namesInArms(own, robot).includes(jointOf(name))
  const missing = names.filter(name => !all.some(stream => called(stream).some(own => fits(name, own))))
  if (missing.length > 0) {
    const known = all.flatMap(called).map(jointOf)
    fault(
      `the robot has no ${shortList(missing.map(jointOf))}: the checkpoint is for ${shortList(names.map(jointOf))}, the ` +
        `robot file's streams have ${shortList(known)}`,
    )
    return undefined
  }
  const vague = names.filter(
    name => !all.some(each => called(each).includes(name)) && jointsCalled(name, robot).length > 1,
  )
  if (vague.length > 0) {
    const faults = new JointFaults()
    for (const name of vague) faults.add(jointOf(name), severalArms(jointsCalled(name, robot)))
    faults.lines().forEach(fault)
    return undefined
  }
  const found: Stream[] = []
  for (let at = 0; at < names.length; ) {
    const fitting = all.filter(stream =>
      called(stream).every((own, i) => at + i < names.length && fits(names[at + i]!, own)),
    )
    // A leader has the same joints. What an actuator's own state is comes first.
    const states = fitting.filter(({ name }) => robot.actuators.some(({ state }) => state === name))
    const [next, ...others] = states.length > 0 ? states : fitting
    if (others.length > 0 && states.length === 0) {
      fault(
        `${shortList(fitting.map(({ name }) => name))} have the same values, and none is the state of an actuator: say ` +
          'in a map which one the input is from',
      )
      return undefined
    }
    if (next === undefined) {
      fault(
        `no streams of the robot file have, one after another, ${shortList(names.map(jointOf))}: give it one with ` +
          `select: [${shortList(names.map(name => `position.${jointOf(name)}`))}]`,
      )
      return undefined
    }
    found.push(next)
    at += called(next).length
  }
  return found
}

/** What a set of several arms calls a value `STREAM.position.JOINT` of the state of one of them. */
function namesInArms(own: string, { actuators }: Robot): string[] {
  const joint = jointOf(own)
  return actuators.flatMap(actuator =>
    own.startsWith(`${actuator.state ?? ''}.position.`) && actuator.joints.includes(joint)
      ? namesOfArm(actuator, joint)
      : [],
  )
}
