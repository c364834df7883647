import type { Actuator, Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import type { Channel } from './follower.js'
import type { MappedJoint } from './leader-map.js'

/** From which joint of a leader the value of a channel comes: `offset` + `scale` times its position. */
export interface LeaderJoint {
  /** The actuator of the leader's file, and the place of the joint among its joints. */
  readonly actuator: string
  readonly index: number
  readonly scale: number
  readonly offset: number
}

export interface LeaderJointsOptions {
  readonly leader: Robot
  readonly robot: Robot
  readonly channels: readonly Channel[]
  /** By the joints of the robot. */
  readonly map: ReadonlyMap<string, MappedJoint>
}

/**
 * The leader's joint of each channel: the one that the map names, else the one of the same name. The joint that moves
 * the fingers of the leader opens those of the robot by the same share, unless the map says otherwise. An actuator of
 * the robot belongs to the leader's of the same name, or to its only one. Throws UsageError that lists all that is
 * missing.
 */
export function leaderJoints({ leader, robot, channels, map }: LeaderJointsOptions): readonly LeaderJoint[] {
  const missing: string[] = []
  const unknown = [...map.keys()].filter(joint => !channels.some(({ name }) => name === joint))
  if (unknown.length > 0) missing.push(`the map names ${unknown.join(', ')}, which the robot has not`)
  const joints = channels.map((channel): LeaderJoint => {
    const { actuator: name, name: joint } = channel
    const own = map.get(joint)
    const arm = partner(name, leader, robot)
    if (!arm) {
      missing.push(`${name}: the leader has no actuator of this name, and not just one`)
      return { actuator: '', index: -1, scale: 0, offset: 0 }
    }
    const fingers = fingerOf(arm)
    const follows = fingerOf(robot.actuators.find(each => each.name === name))
    const isOpening = joint === 'opening'
    const from = own?.from ?? (isOpening || follows?.joint === joint ? (fingers?.joint ?? joint) : joint)
    const index = arm.joints.indexOf(from)
    if (index < 0) missing.push(`${name}.${joint}: ${arm.name} of the leader has no joint ${from}`)
    if (
      own?.scale !== undefined ||
      own?.offset !== undefined ||
      fingers?.joint !== from ||
      !(isOpening || follows?.joint === joint)
    )
      return { actuator: arm.name, index, scale: own?.scale ?? 1, offset: own?.offset ?? 0 }
    const [closed, open] = isOpening ? [0, 1] : [follows?.closed ?? 0, follows?.open ?? 1]
    const scale = (open - closed) / (fingers.open - fingers.closed)
    return { actuator: arm.name, index, scale, offset: closed - scale * fingers.closed }
  })
  if (missing.length > 0)
    throw new UsageError(`the leader ${leader.name} does not fit robot ${robot.name}: ${missing.join('; ')}`)
  return joints
}

/** The leader's actuator for one of the robot. */
function partner(name: string, leader: Robot, robot: Robot): Actuator | undefined {
  const arms = leader.actuators.filter(({ joints }) => joints.length > 0)
  const same = arms.find(each => each.name === name)
  const jointed = robot.actuators.filter(({ joints }) => joints.length > 0)
  return same ?? (arms.length === 1 && jointed.length <= 1 ? arms[0] : undefined)
}

function fingerOf(actuator: Actuator | undefined): { joint: string; closed: number; open: number } | undefined {
  return actuator?.kind === 'servo_bus' ? actuator.finger : undefined
}
