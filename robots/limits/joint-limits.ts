import { z } from 'zod'
import { chosen } from '../chosen.js'
import { quantity, range } from '../fields.js'
import type { Json } from '../json.js'
import { partName } from '../ros-names.js'
import { mapping } from '../validation.js'

/** The limits of a joint in rad, rad/s, rad/s², N·m; in m, m/s, m/s², N for a joint that slides. */
export interface JointLimits {
  /** It slides. Else it turns. */
  readonly prismatic: boolean
  /** It turns without an end: angles that differ by a whole turn are the same. */
  readonly continuous: boolean
  readonly position: readonly [number, number] | undefined
  readonly velocity: number | undefined
  readonly acceleration: number | undefined
  readonly effort: number | undefined
}

/** The limits of a joint as the robot file gives them, after the schema. */
export interface JointLimitsParsed {
  readonly prismatic?: boolean | undefined
  readonly continuous?: boolean | undefined
  readonly position?: readonly [number, number] | undefined
  readonly velocity?: number | undefined
  readonly acceleration?: number | undefined
  readonly effort?: number | undefined
}

export type JointsParsed = Readonly<Record<string, JointLimitsParsed>>

const flag = (note: string) =>
  z
    .boolean({ error: 'expected true or false' })
    .optional()
    .meta({ description: `${note} Default false.` })
const SLIDES = 'It slides: its position is a length.'
const POSITION = 'From where to where it may move.'
const VELOCITY = 'How fast it may move, at most.'
const ACCELERATION = 'How fast its velocity may change, at most.'
const EFFORT = 'How hard it may push, at most.'

const turning = mapping({
  prismatic: flag(SLIDES),
  continuous: flag('It turns without an end, and has no limits of position.'),
  position: range('angle', ['-36000 deg', '36000 deg'], POSITION).optional(),
  velocity: quantity('angular speed', ['0.001 rad/s', '1000 rad/s'], VELOCITY).optional(),
  acceleration: quantity('angular acceleration', ['0.001 rad/s^2', '100000 rad/s^2'], ACCELERATION).optional(),
  effort: quantity('torque', ['0.0001 N m', '100000 N m'], EFFORT).optional(),
}).refine(({ continuous, position }) => !(continuous && position), {
  error: 'a joint that turns without an end has no limits of position: leave out continuous or position',
})

const sliding = mapping({
  prismatic: flag(SLIDES),
  position: range('length', ['-100 m', '100 m'], POSITION).optional(),
  velocity: quantity('speed', ['0.01 mm/s', '100 m/s'], VELOCITY).optional(),
  acceleration: quantity('acceleration', ['0.01 mm/s^2', '1000 m/s^2'], ACCELERATION).optional(),
  effort: quantity('force', ['0.001 N', '100000 N'], EFFORT).optional(),
})

/** The schema of `limits.joints`. */
export const jointsSchema = z
  .record(
    partName('joint'),
    chosen<JointLimitsParsed>(
      value => ((value as JointLimitsParsed | null)?.prismatic === true ? sliding : turning),
      [turning, sliding],
    ),
    { error: issue => (issue.code === 'invalid_type' ? 'expected a map of joints' : undefined) },
  )
  .meta({
    id: 'joint_limits',
    description: 'Joint name to its limits. A joint that slides says prismatic: true.',
  })

/** The limits of a joint: what an actuator says itself goes before what the robot file says for all. */
export function mergeJoint(own: JointLimitsParsed = {}, all: JointLimitsParsed = {}): JointLimits {
  const merged = { ...all, ...own }
  const continuous = own.position === undefined && merged.continuous === true
  return {
    prismatic: merged.prismatic ?? false,
    continuous,
    position: continuous ? undefined : merged.position,
    velocity: merged.velocity,
    acceleration: merged.acceleration,
    effort: merged.effort,
  }
}

/** The limits of joints in the canonical text: what was given, in SI. */
export const canonicalJoints = (joints: JointsParsed | undefined): Json | undefined =>
  joints &&
  Object.fromEntries(
    Object.entries(joints).map(([name, { prismatic, continuous, ...rest }]) => [
      name,
      { ...rest, ...(prismatic === true && { prismatic }), ...(continuous === true && { continuous }) },
    ]),
  )
