import type { Robot, Stream } from '../../robots/robot.js'
import { valueNames } from '../../fusion/stream-types/stream-types.js'
import { shortList } from '../../robots/validation.js'
import type { IncompleteMap } from '../contract/model-map.js'
import type { Bundle, BundleTensor, InitialValues } from './bundle.js'

type Keys = Readonly<Record<string, unknown>>

/** What a JointState message calls the values of a kind. */
const JOINT_INPUTS: Readonly<Record<string, string>> = {
  'state/joint/position': 'position',
  'state/joint/velocity': 'velocity',
  'state/joint/effort': 'effort',
}
/** The kinds of action for those of LEAPP. */
const JOINT_OUTPUTS: Readonly<Record<string, string>> = {
  'target/joint/position': 'joint_position',
  'target/joint/velocity': 'joint_velocity',
  'target/joint/effort': 'joint_effort',
  'target/joint/torques': 'joint_effort',
}

/**
 * The map of a LEAPP bundle's model, in the form of a map that a user writes; what the user's own map says goes before.
 * LEAPP's values are in SI units. `faults`: what is missing or does not fit the robot, a line each.
 */
export function mapOfBundle(
  bundle: Bundle,
  robot: Robot,
  given: IncompleteMap,
  initial: InitialValues = new Map(),
): { readonly map: Keys; readonly faults: string[] } {
  const faults: string[] = []
  const inputs = bundle.inputs.map(tensor => {
    const own = given.inputs?.[tensor.name] ?? {}
    return [
      tensor.name,
      { ...(own['as'] === undefined && inputOf(tensor, { ...bundle, initial }, robot, faults)), ...own },
    ] as const
  })
  const chunk = given.outputs?.['action_chunk'] ?? {}
  const fromBundle = chunk['groups'] === undefined ? chunkOf(bundle, robot, faults) : {}
  const rate = chunk['rate'] ?? bundle.rate
  if (rate === undefined)
    faults.push('its rate is not known: it has no frequency (GraphConfigs), so say the rate in a map')
  return {
    map: {
      ...given,
      name: given['name'] ?? bundle.name,
      inputs: { ...Object.fromEntries(inputs), ...strangers(given, bundle) },
      outputs: { ...given.outputs, action_chunk: { ...fromBundle, rate, ...chunk } },
    },
    faults,
  }
}

/** Inputs of the user's map that the bundle lacks. They are refused later. */
function strangers({ inputs = {} }: IncompleteMap, bundle: Bundle): Record<string, Keys> {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => !bundle.inputs.some(each => each.name === name)))
}

function inputOf(
  { name, kind = 'none', names }: BundleTensor,
  { states, initial }: Bundle & { readonly initial: InitialValues },
  robot: Robot,
  faults: string[],
): Keys {
  const fault = (why: string): Keys => {
    faults.push(`input ${name}: ${why}`)
    return {}
  }
  const output = states.get(name)
  if (output !== undefined) {
    const values = initial.get(name)
    const [first] = values ?? []
    const isOne = values?.every(value => value === first) === true
    return { as: 'state', output, ...(values && { initial: isOne ? first : values }) }
  }
  const value = Object.hasOwn(JOINT_INPUTS, kind) ? JOINT_INPUTS[kind] : undefined
  if (value === undefined) return fault(`is of LEAPP's kind ${kind}: say in a map what it is made from`)
  if (names === undefined) return fault('its joints have no names (element_names): say its streams in a map')
  const wanted = names.map(joint => `${value}.${joint}`)
  const known = robot.streams.flatMap(stream => valueNames(stream) ?? [])
  const missing = wanted.filter(each => !known.includes(each))
  if (missing.length > 0)
    return fault(
      `no stream of the robot file has ${shortList(missing)} (select); they have ${shortList(known) || 'none'}`,
    )
  const from = streamsInOrder(wanted, robot.streams)
  return from
    ? { as: 'vector', from }
    : fault(`no streams of the robot file have, one after another, ${shortList(wanted)}: give it one with select`)
}

function streamsInOrder(wanted: readonly string[], streams: readonly Stream[]): string[] | undefined {
  const found: string[] = []
  for (let at = 0; at < wanted.length; ) {
    const next = streams.find(stream => {
      const values = valueNames(stream) ?? []
      return values.length > 0 && values.every((each, i) => each === wanted[at + i])
    })
    if (next === undefined) return undefined
    found.push(next.name)
    at += valueNames(next)?.length ?? 1
  }
  return found
}

/** The chunk: the one output that is not fed back. */
function chunkOf({ outputs, states }: Bundle, robot: Robot, faults: string[]): Keys {
  const back = new Set(states.values())
  const actions = outputs.filter(({ name }) => !back.has(name))
  const [action] = actions
  if (action === undefined || actions.length > 1) {
    faults.push(
      `it has ${actions.length} outputs that are not fed back (${shortList(actions.map(({ name }) => name))}), and an ` +
        'action_chunk is one tensor: join them in the graph, or say tensor and groups in a map',
    )
    return {}
  }
  const { name, kind = 'none', names } = action
  const its = Object.hasOwn(JOINT_OUTPUTS, kind) ? JOINT_OUTPUTS[kind] : undefined
  if (its === undefined || names === undefined) {
    const why = its === undefined ? `is of LEAPP's kind ${kind}` : 'its joints have no names (element_names)'
    faults.push(`output ${name}: ${why}: say groups in a map`)
    return { tensor: name }
  }
  const groups: { name: string; kind: string; joints: string[] }[] = []
  const missing: string[] = []
  for (const joint of names) {
    const actuator = robot.actuators.find(({ takes }) =>
      takes.some(each => each.kind === its && each.names.includes(joint)),
    )
    const last = groups.at(-1)
    if (actuator === undefined) missing.push(joint)
    else if (last?.name === actuator.name) last.joints.push(joint)
    else groups.push({ name: actuator.name, kind: its, joints: [joint] })
  }
  if (missing.length > 0) {
    const known = robot.actuators.flatMap(each => [each.name, ...each.joints])
    faults.push(
      `output ${name}: no actuator of the robot takes the ${its} of ${shortList(missing)}; the robot file has ` +
        (shortList(known) || 'none'),
    )
  }
  return { tensor: name, groups }
}
