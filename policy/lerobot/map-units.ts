import { z } from 'zod'
import { valueNames } from '../../fusion/stream-types/stream-types.js'
import type { Calibration } from '../../robots/actuators/lerobot-calibration.js'
import type { Robot } from '../../robots/robot.js'
import { followedBy, inverse, UNCHANGED, type Affine } from '../contract/affine.js'
import { limitsOf, limitsSchema, type Limits, type Range } from '../contract/limits.js'
import { actuatorOf, unitsOf, type ValueUnits } from './checkpoint-map.js'
import { JointFaults } from './joint-faults.js'
import { jointToSi } from './joint-units.js'

/** The units of a map that only the calibration of an arm explains. */
const UNITS = ['lerobot', 'percent'] as const
type CalibratedUnit = (typeof UNITS)[number]
const isCalibrated = (unit: unknown): unit is CalibratedUnit => UNITS.some(each => each === unit)

const numbers = z.union([z.number(), z.array(z.number())])
const scaled = z.looseObject({
  unit: z.unknown().optional(),
  scale: numbers.default(1),
  bias: numbers.default(0),
  limits: limitsSchema.optional(),
})
const inputSchema = scaled.extend({
  from: z.union([z.string().transform(name => [name]), z.array(z.string())]).default([]),
})
const groupSchema = scaled.extend({
  name: z.string(),
  joints: z.array(z.string()).default([]),
  counts: z.string().optional(),
  absolute: z.array(z.string()).default([]),
})
const mapSchema = z.looseObject({
  inputs: z.record(z.string(), z.unknown()),
  // An encoder has none.
  outputs: z.looseObject({ action_chunk: z.looseObject({ groups: z.array(z.unknown()).optional() }) }).optional(),
})

export interface MapUnitsOptions {
  readonly robot: Robot
  /** The calibration that goes before those of the robot file. */
  readonly calibration: Calibration | undefined
  readonly faults: string[]
}

/**
 * A map whose units `lerobot` (-100 to 100 over the calibrated range of a joint, grippers 0 to 100) and `percent` (0 to
 * 100 over it) are put into scale and bias, and the ends of these ranges into limits, where the map says none. Other
 * units stay. What is no map is given back as it is: the schema of maps refuses it.
 */
export function inKnownUnits(map: unknown, options: MapUnitsOptions): unknown {
  const { data } = mapSchema.safeParse(map)
  if (data === undefined) return map
  const { inputs, outputs, ...rest } = data
  const groups = outputs?.action_chunk.groups?.map(each => groupInKnownUnits(each, options))
  const chunk = { ...outputs?.action_chunk, ...(groups && { groups }) }
  return {
    ...rest,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [name, inputInKnownUnits(name, input, options)]),
    ),
    ...(outputs && { outputs: { ...outputs, action_chunk: chunk } }),
  }
}

function inputInKnownUnits(name: string, input: unknown, { robot, calibration, faults }: MapUnitsOptions): unknown {
  const { data } = inputSchema.safeParse(input)
  if (data === undefined) return input
  const { unit: given, from, scale, bias, limits, ...rest } = data
  const units = [given].flat()
  if (!units.some(isCalibrated)) return input
  const values = from.flatMap(each => {
    const stream = robot.streams.find(({ name }) => name === each)
    return stream === undefined ? [] : (valueNames(stream) ?? []).map(value => ({ value, stream }))
  })
  if (units.length > 1 && units.length !== values.length)
    faults.push(`input ${name}: unit names ${units.length} units, its streams have ${values.length} values`)
  if (values.length === 0)
    faults.push(`input ${name}: ${units.find(isCalibrated)} is a unit of joints, and its streams name none`)
  const unknown = new JointFaults()
  const intoUnit = values.map(({ value, stream }, i): ValueUnits => {
    const unit = units.length === 1 ? units[0] : units[i]
    return isCalibrated(unit)
      ? unitsOf(value, { unit, calibration, actuator: actuatorOf(value, stream, robot) }, unknown.add)
      : { scale: 1, bias: 0 }
  })
  faults.push(...unknown.lines().map(line => `input ${name}: ${line}`))
  const kept = units.map(unit => (isCalibrated(unit) ? undefined : unit))
  return {
    ...rest,
    from,
    // The other values of a list keep their units. A value in SI units has no unit that is converted.
    ...(units.length > 1 && kept.some(Boolean) && { unit: kept.map(unit => unit ?? '') }),
    ...(values.length === 0 ? { scale, bias } : followedBy(listed(intoUnit), { scale, bias })),
    ...limitsKey(limits ? inSi(limits, intoUnit.map(inverse)) : limitsOf(intoUnit.map(({ range }) => range))),
  }
}

function groupInKnownUnits(group: unknown, { robot, calibration, faults }: MapUnitsOptions): unknown {
  const { data } = groupSchema.safeParse(group)
  if (data === undefined || !isCalibrated(data.unit)) return group
  const { unit: _unit, name, joints, counts, absolute, scale, bias, limits, ...rest } = data
  if (joints.length === 0)
    faults.push(`group ${name}: ${data.unit} is a unit of joints, and the group has none: an opening may be in %`)
  const actuator = robot.actuators.find(each => each.name === name)
  const unknown = new JointFaults()
  const toSi = joints.map((joint): ValueUnits => {
    const found = jointToSi({ joint, unit: data.unit as CalibratedUnit, actuator, calibration })
    if (typeof found === 'string') {
      unknown.add(joint, found)
      return { scale: 1, bias: 0 }
    }
    // The zero of a joint's numbers falls out of a difference of two of them.
    const isOffset = counts === 'offset' && !absolute.includes(joint)
    return isOffset ? { scale: found.scale, bias: 0 } : found
  })
  faults.push(...unknown.lines().map(line => `group ${name}: ${line}`))
  const all = listed(toSi)
  return {
    ...rest,
    name,
    ...(joints.length > 0 && { joints }),
    ...(counts !== undefined && { counts }),
    ...(absolute.length > 0 && { absolute }),
    ...(joints.length === 0 ? { scale, bias } : followedBy({ scale, bias }, all)),
    ...limitsKey(limits ? inSi(limits, toSi) : limitsOf(toSi.map(({ range }) => range))),
  }
}

const limitsKey = (limits: Limits | undefined): { limits?: Limits } => (limits ? { limits } : {})

/** Limits in a calibrated unit, in SI units. A joint that is mounted the other way round has its ends exchanged. */
function inSi(limits: Limits, toSi: readonly Affine[]): Limits {
  return limits.map((range, i): Range | null => {
    const { scale, bias } = toSi[i] ?? UNCHANGED
    const [first, last] = range?.map(each => each * (scale as number) + (bias as number)) ?? []
    if (first === undefined || last === undefined) return null
    return first < last ? [first, last] : [last, first]
  })
}

const listed = (affines: readonly Affine[]): Affine => ({
  scale: affines.map(({ scale }) => scale as number),
  bias: affines.map(({ bias }) => bias as number),
})
