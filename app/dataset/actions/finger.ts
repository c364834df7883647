import type { Finger } from '../../../robots/actuators/servo-mounting.js'
import type { Robot } from '../../../robots/robot.js'

/** The joint that moves the fingers of an actuator; undefined: the actuator has none. */
export function fingerOf({ actuators }: Pick<Robot, 'actuators'>, name: string): Finger | undefined {
  const actuator = actuators.find(each => each.name === name)
  return actuator?.kind === 'servo_bus' && 'finger' in actuator ? actuator.finger : undefined
}
