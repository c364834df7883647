import type { Actuator, Robot } from '../../robots/robot.js'
import { jointOf } from './joint-units.js'

/** A joint of a robot file, and who moves it. */
export interface RobotJoint {
  readonly actuator: Actuator
  readonly joint: string
}

/**
 * The joints of a robot that a set may mean by a name: `shoulder_pan.pos`; `joints.position.shoulder_pan` of the stream
 * `joints`; `left_shoulder_pan.pos` is the joint `shoulder_pan` of the actuator `left`. Several: the name does not say
 * which.
 */
export function jointsCalled(name: string, robot: Robot): readonly RobotJoint[] {
  const all = robot.actuators.flatMap(actuator =>
    actuator.takes
      .filter(({ kind }) => kind === 'joint_position')
      .flatMap(({ names }) => names.map((joint): RobotJoint => ({ actuator, joint }))),
  )
  const called = jointOf(name)
  for (const is of [
    ({ actuator, joint }: RobotJoint) => name === `${actuator.state ?? ''}.position.${joint}`,
    ({ actuator, joint }: RobotJoint) => namesOfArm(actuator, joint).includes(called),
    ({ joint }: RobotJoint) => called === joint,
  ]) {
    const found = all.filter(is)
    if (found.length > 0) return found
  }
  return []
}

/** Why a name that means several joints is refused. */
export function severalArms(joints: readonly RobotJoint[]): string {
  const names = joints.map(({ actuator }) => actuator.name)
  return `may be of ${names.join(' or ')}: begin its name in the set with ${names.map(name => `${name}_`).join(' or ')}`
}

/** What a set of several arms calls a joint of one of them. */
export const namesOfArm = ({ name }: Actuator, joint: string): readonly string[] => [
  `${name}_${joint}`,
  `${name}.${joint}`,
]
