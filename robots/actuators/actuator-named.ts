import { RobotError } from '../robot-error.js'
import type { Robot } from '../robot.js'
import { unknownName } from '../validation.js'
import type { Actuator } from './actuators.js'

/**
 * The actuator of a robot with this name, such as a group of a policy's channels names it. Throws a RobotError
 * ROBOT_NO_ACTUATOR of one line where the robot has none, with the names that it has.
 */
export function actuatorNamed({ name: robot, actuators }: Pick<Robot, 'name' | 'actuators'>, name: string): Actuator {
  const found = actuators.find(each => each.name === name)
  if (found) return found
  const known = actuators.map(each => each.name)
  throw new RobotError(
    'ROBOT_NO_ACTUATOR',
    known.length === 0
      ? `robot ${robot}: has no actuators, so none is called '${name}': name one under actions`
      : `robot ${robot}: ${unknownName('actuator', name, known)}`,
  )
}
