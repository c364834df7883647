import type { Taken } from '../actuators/channels.js'
import type { Fail, Path } from '../fields.js'
import { unknownName } from '../validation.js'
import { mergeJoint, type JointLimits } from './joint-limits.js'
import type { ActuatorLimitsParsed } from './limits-section.js'

type Range = readonly [number, number]

/** The limits of an actuator, in m, m/s, rad/s, N. What does not apply to it, or is not limited, is undefined. */
export interface ActuatorLimits {
  /** For each of its joints, in their order. */
  readonly joints: ReadonlyMap<string, JointLimits>
  /** Where the tool may be, base frame. */
  readonly workspace: { readonly x: Range; readonly y: Range; readonly z: Range } | undefined
  readonly speed: number | undefined
  readonly yawRate: number | undefined
  /** m/s². */
  readonly acceleration: number | undefined
  /** rad/s². */
  readonly turnAcceleration: number | undefined
  readonly width: Range | undefined
  readonly effort: Range | undefined
}

/** An actuator whose limits are asked for. */
export interface Limited {
  readonly name: string
  readonly takes: readonly Taken[]
  readonly joints: readonly string[]
  /** Whether the place of its tool is known from its joints. */
  readonly hasKinematics: boolean
}

const TOOL = ['workspace', 'speed', 'yaw_rate'] as const
const CHANGES = ['acceleration', 'turn_acceleration'] as const
const FINGERS = ['width', 'effort'] as const
type Key = (typeof TOOL)[number] | (typeof CHANGES)[number] | (typeof FINGERS)[number]

/** Which keys of `limits` apply to an actuator, beside `joints`. */
export const applies = ({ takes, hasKinematics }: Limited): readonly Key[] => [
  ...(hasKinematics || takes.some(({ kind }) => kind === 'pose' || kind === 'twist') ? TOOL : []),
  ...(takes.some(({ kind }) => kind === 'twist') ? CHANGES : []),
  ...(takes.some(({ kind }) => kind === 'gripper') ? FINGERS : []),
]

/** Which of them it cannot do without: a command that nothing limits is never sent. */
const needed = ({ takes }: Limited): readonly Key[] => [
  ...(takes.some(({ kind }) => kind === 'pose' || kind === 'twist') ? TOOL : []),
  ...(takes.some(({ kind, names }) => kind === 'gripper' && names.includes('width')) ? FINGERS : []),
]

/**
 * The limits of an actuator: its own, and those of the robot file where it has none of a key. `fail` throws with the
 * place in the file.
 */
export function resolveActuatorLimits(
  actuator: Limited,
  own: ActuatorLimitsParsed | undefined,
  all: ActuatorLimitsParsed | undefined,
  fail: Fail,
): ActuatorLimits {
  const { name, takes, joints } = actuator
  const place: Path = ['actions', name]
  const known = applies(actuator)
  const odd = [...TOOL, ...CHANGES, ...FINGERS].find(key => own?.[key] !== undefined && !known.includes(key))
  if (odd !== undefined)
    fail(
      'ROBOT_INVALID',
      [...place, 'limits', odd],
      (CHANGES as readonly string[]).includes(odd)
        ? `'${name}' takes no velocities of its tool; leave this out`
        : (TOOL as readonly string[]).includes(odd)
          ? `where the tool of '${name}' is follows from its joints alone: say its kinematics, or leave this out`
          : `'${name}' is no gripper; leave this out`,
    )
  const lacking = needed(actuator).filter(key => own?.[key] === undefined && all?.[key] === undefined)
  if (lacking.length > 0)
    fail(
      'ROBOT_INVALID',
      ['limits'],
      `'${name}' needs the limits ${needed(actuator).join(', ')}; missing: ${lacking.join(', ')}`,
    )

  const stray = Object.keys(own?.joints ?? {}).find(joint => !joints.includes(joint))
  if (stray !== undefined)
    fail(
      'ROBOT_INVALID',
      [...place, 'limits', 'joints', stray],
      joints.length === 0 ? `'${name}' has no joints` : unknownName('joint', stray, joints),
    )
  const merged = new Map(
    joints.map(joint => {
      const [mine, theirs] = [own?.joints?.[joint], all?.joints?.[joint]]
      if (mine && theirs && (mine.prismatic ?? false) !== (theirs.prismatic ?? false))
        fail(
          'ROBOT_INVALID',
          [...place, 'limits', 'joints', joint],
          `turns here and slides in limits.joints, or the reverse; say prismatic: true in both or in none`,
        )
      return [joint, mergeJoint(mine, theirs)]
    }),
  )
  requireJointLimits(name, takes, merged, fail)
  const of = <K extends Key>(key: K): ActuatorLimitsParsed[K] | undefined =>
    known.includes(key) ? (own?.[key] ?? all?.[key]) : undefined
  return {
    joints: merged,
    workspace: of('workspace'),
    speed: of('speed'),
    yawRate: of('yaw_rate'),
    acceleration: of('acceleration'),
    turnAcceleration: of('turn_acceleration'),
    width: of('width'),
    effort: of('effort'),
  }
}

/** What limits a command. A position that nothing slows would be reached in one step. */
const LIMITED_BY = {
  position: ['position', 'velocity'],
  velocity: ['velocity'],
  effort: ['effort'],
} as const
const EXAMPLES = {
  position: 'position: [-90 deg, 90 deg], or continuous: true for a joint without an end',
  velocity: 'velocity: 90 deg/s',
  effort: 'effort: 2 N m',
} as const

/** What is commanded has limits: the position and velocity of a joint, its velocity, its effort. */
function requireJointLimits(
  actuator: string,
  takes: readonly Taken[],
  joints: ReadonlyMap<string, JointLimits>,
  fail: Fail,
): void {
  for (const commanded of ['position', 'velocity', 'effort'] as const) {
    for (const joint of takes.find(({ kind }) => kind === `joint_${commanded}`)?.names ?? []) {
      const limits = joints.get(joint)
      const missing = LIMITED_BY[commanded].find(
        quantity => limits?.[quantity] === undefined && !(quantity === 'position' && limits?.continuous === true),
      )
      if (missing === undefined) continue
      fail(
        'ROBOT_INVALID',
        ['limits', 'joints', joint],
        `'${actuator}' commands the ${commanded} of ${joint}, which has no limit of ${missing}; say ${EXAMPLES[missing]}`,
      )
    }
  }
}
