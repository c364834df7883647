import type { Taken } from '../../robots/actuators/channels.js'
import type { Actuator } from '../../robots/robot.js'
import type { ActionGroup } from './action-kind.js'

/** The facts of an actuator that say whether it can carry out what a group commands. */
export type CommandedActuator = Pick<Actuator, 'name' | 'takes' | 'limits'>

/** The SI units of a joint that turns and of one that slides. */
const UNITS: Readonly<Record<string, readonly [turns: string, slides: string]>> = {
  joint_position: ['rad', 'm'],
  joint_velocity: ['rad/s', 'm/s'],
  joint_effort: ['N m', 'N'],
}

/**
 * All reasons why actuators cannot carry out what chunks with these groups command, one line each. Empty where they can.
 * Every group needs an actuator that takes it: half of a motion is worse than none. Without groups (contract version 1)
 * chunks command the pose of `arm` and the fingers of `gripper`, of which one may be missing, and nothing else.
 */
export function actuatorFaults(
  groups: readonly ActionGroup[] | undefined,
  actuators: readonly CommandedActuator[],
): string[] {
  if (groups === undefined) {
    const left = actuators.filter(each => !takesVersion1(each))
    return left.map(({ name }) => `the policy has no groups (contract version 1), so it commands nothing of ${name}`)
  }
  return groups.flatMap(({ name, ...group }, i) => {
    const fault =
      groups.findIndex(other => other.name === name) < i
        ? 'another group has this name too'
        : groupFault({ name, ...group }, actuators)
    return fault === undefined ? [] : [`group ${name}: ${fault}`]
  })
}

/** Whether the channels of contract version 1 are for an actuator. */
const takesVersion1 = ({ name, takes }: CommandedActuator): boolean =>
  takes.some(
    ({ kind, rotation }) =>
      (kind === 'pose' && rotation === 'yaw' && name === 'arm') || (kind === 'gripper' && name === 'gripper'),
  )

function groupFault(group: ActionGroup, actuators: readonly CommandedActuator[]): string | undefined {
  const { name, kind } = group
  const actuator = actuators.find(each => each.name === name)
  if (actuator === undefined) {
    const known = actuators.map(each => each.name)
    return `the robot has no actuator ${name} (it has ${known.join(', ') || 'none'})`
  }
  const taken = actuator.takes.find(each => each.kind === kind)
  if (taken === undefined)
    return `the policy commands ${kind}, and the actuator takes ${actuator.takes.map(each => each.kind).join(', ')}`
  return frameFault(group, taken) ?? namesFault(group, taken) ?? jointsFault(group, actuator)
}

function frameFault({ kind, rotation, frame }: ActionGroup, taken: Taken): string | undefined {
  if (kind === 'pose' && taken.rotation === 'yaw' && rotation !== 'yaw')
    return `the arm is moved by place and yaw alone, and the policy commands a whole rotation (${rotation ?? ''})`
  // The frame of the tool goes with the tool, whatever frame its poses are in.
  const isOfTool = kind === 'pose' && frame === 'tool'
  return taken.frame === undefined || taken.frame === frame || isOfTool
    ? undefined
    : `the policy commands it in the frame ${frame ?? ''}, and the actuator takes it in ${taken.frame}`
}

/** Joints must be those of the actuator in its order, since a set-point is one array. Channels may be some of its own. */
function namesFault({ joints, channels }: ActionGroup, { names }: Taken): string | undefined {
  const stray = (joints ?? channels ?? []).filter(each => !names.includes(each))
  if (names.length === 0) return undefined
  if (stray.length > 0) return `the actuator has no ${stray.join(', ')} (it has ${names.join(', ')})`
  if (joints && joints.join() !== names.join())
    return `the policy commands the joints ${joints.join(', ')}, the actuator takes ${names.join(', ')}, in this order`
  return undefined
}

/** Whether a joint has ends, and whether it turns or slides, is the same for the policy and for the actuator. */
function jointsFault(group: ActionGroup, { limits, takes }: CommandedActuator): string | undefined {
  const { kind, joints = kind === 'scalar' ? [...limits.joints.keys()] : [], continuous = [], unit = '' } = group
  const units = UNITS[kind === 'scalar' ? (takes.find(each => each.kind in UNITS)?.kind ?? '') : kind]
  for (const joint of joints) {
    const known = limits.joints.get(joint)
    if (kind === 'joint_position' && (known?.continuous ?? false) !== continuous.includes(joint))
      return continuous.includes(joint)
        ? `for the policy ${joint} turns without an end, for the robot file it has ends`
        : `for the robot file ${joint} turns without an end, for the policy it has ends (continuous: [${joint}])`
    if (unit !== '' && unit !== units?.[known?.prismatic ? 1 : 0])
      return `the policy commands ${joint} in ${unit}, and for the robot file it ${known?.prismatic ? 'slides' : 'turns'}`
  }
  return undefined
}
