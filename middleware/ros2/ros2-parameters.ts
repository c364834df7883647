import { ParameterError } from '../parameter-error.js'
import type { ParameterDescription, Parameters, ParameterType } from '../parameters.js'
import type { Rclnodejs, RosNode, RosParameter } from './rclnodejs.js'

/** rcl_interfaces/msg/ParameterType. */
const TYPES: Readonly<Record<ParameterType, number>> = {
  boolean: 1,
  integer: 2,
  double: 3,
  string: 4,
  boolean_array: 6,
  integer_array: 7,
  double_array: 8,
  string_array: 9,
}

/** Parameters that ROS declares on its own. */
const OF_ROS = new Set(['use_sim_time', 'start_type_description_service'])

/**
 * Makes `parameters` those of a ROS node that was created with its overrides declared (from a launch file, `-p`,
 * `--params-file`). The overrides are checked and taken. Every parameter gets its description, unit and range. A value
 * that is set later is checked, and taken or refused with the reason. Returns a line for each given name that is not a
 * parameter of this node. Throws ParameterError for a bad override.
 */
export function bindParameters(
  rcl: Rclnodejs,
  node: RosNode,
  parameters: Parameters<Readonly<Record<string, ParameterDescription>>>,
): string[] {
  const { declarations } = parameters
  const given = node.getParameters().map(({ name }) => name)
  for (const [name, description] of Object.entries(declarations)) {
    if (given.includes(name)) {
      parameters.override(name, node.getParameter(name).value)
      node.undeclareParameter(name)
    }
    const { type, unit, readOnly = false } = description
    const text = unit ? `${description.description} (${unit})` : description.description
    const descriptor = new rcl.ParameterDescriptor(name, TYPES[type], text, readOnly)
    // rclnodejs 2.2 leaves out the range.
    descriptor.toMessage = () => ({
      name,
      type: TYPES[type],
      description: text,
      read_only: readOnly,
      ...rangeOf(description),
    })
    node.declareParameter(new rcl.Parameter(name, TYPES[type], rosValue(type, parameters.get(name))), descriptor, true)
  }
  // The check comes first, because rclnodejs does not report why a value is refused.
  const set = node.setParametersAtomically.bind(node)
  node.setParametersAtomically = list => {
    for (const parameter of list) {
      const reason = refusal(node, parameters, parameter)
      if (reason !== undefined) return { successful: false, reason }
    }
    return set(list)
  }
  node.addOnSetParametersCallback(list => {
    for (const { name, value } of list) if (Object.hasOwn(declarations, name)) parameters.set(name, value)
    return { successful: true, reason: '' }
  })
  const unknown = given.filter(
    name => !Object.hasOwn(declarations, name) && !OF_ROS.has(name) && !name.startsWith('qos_overrides.'),
  )
  return unknown.map(name => `${parameters.unknown(name)} What was given for it is not used.`)
}

/** Why a parameter cannot be set while the node runs; undefined when it can. */
function refusal(
  node: RosNode,
  parameters: Parameters<Readonly<Record<string, ParameterDescription>>>,
  { name, type, value }: RosParameter,
): string | undefined {
  if (name === 'use_sim_time') return 'parameter use_sim_time is read at start: give it there'
  if (!Object.hasOwn(parameters.declarations, name))
    return node.hasParameter(name) ? undefined : parameters.unknown(name)
  const expected = parameters.declarations[name]!.type
  if (type === 0) return `parameter ${name} cannot be deleted`
  if (type !== TYPES[expected]) {
    const got = Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? `type ${type}`
    return `parameter ${name}: expected ${expected.replace('_', ' ')}, got ${got.replace('_', ' ')}`
  }
  try {
    parameters.check(name, value)
  } catch (error) {
    if (!(error instanceof ParameterError)) throw error
    return error.message
  }
  return undefined
}

/**
 * The range for rcl_interfaces/msg/ParameterDescriptor. It has ranges for single numbers only; the range of an array's
 * numbers becomes a text.
 */
function rangeOf({ type, range }: ParameterDescription): object {
  if (range === undefined) return {}
  const { min, max } = range
  if (type.endsWith('_array')) return { additional_constraints: `each ${min} to ${max}` }
  return type === 'integer'
    ? { integer_range: [{ from_value: BigInt(min), to_value: BigInt(max), step: 1n }] }
    : { floating_point_range: [{ from_value: min, to_value: max, step: 0 }] }
}

/** The value in rclnodejs's types: integers are BigInt. */
function rosValue(type: ParameterType, value: unknown): unknown {
  if (type === 'integer') return BigInt(value as number)
  if (type === 'integer_array') return (value as readonly number[]).map(BigInt)
  return value
}

/**
 * A parameter whose type follows from its value: a BigInt is an integer, any other number a double, an empty array an
 * array of strings.
 */
export function rosParameter(rcl: Rclnodejs, name: string, value: unknown): RosParameter {
  const kind = (one: unknown): ParameterType =>
    typeof one === 'boolean'
      ? 'boolean'
      : typeof one === 'bigint'
        ? 'integer'
        : typeof one === 'number'
          ? 'double'
          : 'string'
  if (!Array.isArray(value))
    return new rcl.Parameter(name, TYPES[kind(value)], kind(value) === 'string' ? String(value) : value)
  const mixed =
    value.some(one => typeof one === 'number') && value.every(one => typeof one === 'number' || typeof one === 'bigint')
  const list: unknown[] = mixed ? value.map(Number) : value
  return new rcl.Parameter(name, TYPES[`${kind(list[0])}_array` as ParameterType], list)
}
