import { takesJoints } from '../../nodes/joint-outputs.js'
import { isNamedGripper } from '../../nodes/driver-gripper-wiring.js'
import { isGripperAction } from '../../nodes/gripper-action-wiring.js'
import { isToolArm } from '../../nodes/tool-arm-wiring.js'
import { isOfTheLoop } from '../../robots/actuators/arm-and-gripper.js'
import type { Robot } from '../../robots/robot.js'
import { shortList } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'

/** Where a robot is: on topics, or in a simulated cell, whose arm takes poses alone. */
export type Where = 'topics' | 'cell'

/** What the control loop drives, in words. */
const DRIVES: Readonly<Record<Where, string>> = {
  topics:
    'arms by poses and velocities of their tools on topics, joints on topics and on servo buses, grippers behind ROS ' +
    'actions, and grippers with a driver',
  cell: "an actuator 'arm' of geometry_msgs/msg/PoseStamped, and an actuator 'gripper' with a driver",
}

/**
 * What the control loop cannot drive of a robot, and what it can, in one sentence without an end. Undefined where it
 * drives all.
 */
export function undrivable({ actuators }: Pick<Robot, 'actuators'>, where: Where = 'topics'): string | undefined {
  const others = actuators.filter(each => !isOfTheLoop(each.name, each.kind, each))
  const strange = others.filter(
    each =>
      where === 'cell' || !(takesJoints(each) || isToolArm(each) || isGripperAction(each) || isNamedGripper(each)),
  )
  if (strange.length > 0)
    return (
      `the control loop cannot drive ${shortList(strange.map(({ name }) => name))} ` +
      `${where === 'cell' ? 'in a simulated cell' : 'yet'}: it drives ${DRIVES[where]}`
    )
  const pushed = others.find(
    ({ takes, limits: { workspace, speed, yawRate } }) =>
      takes.some(({ kind }) => kind === 'joint_effort') && [workspace, speed, yawRate].some(each => each !== undefined),
  )
  return (
    pushed &&
    `the control loop cannot drive ${pushed.name}: no limit of its tool can be held by efforts; leave out its kinematics, ` +
      'and the workspace, speed and yaw_rate of its tool'
  )
}

/**
 * Throws a UsageError of one line for a robot with an actuator that the control loop cannot drive. A part of a robot
 * must not move while the policy believes that all of it does.
 */
export function requireDrivable(robot: Robot): void {
  const reason = undrivable(robot)
  if (reason !== undefined) throw new UsageError(`robot ${robot.name}: ${reason}; nothing was moved`)
}
