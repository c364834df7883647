import type { TypeName } from '../middleware/messages.js'
import type { Robot } from '../robots/robot.js'
import { wholeName } from '../robots/topic-name.js'

/**
 * Whole name of the topic on which the set-points are published that were sent to an actuator on a servo bus, as a
 * JointState: the positions (rad) of its joints, with the bus time of the set-point.
 */
export const sentTopic = ({ namespace }: Pick<Robot, 'namespace'>, actuator: string): string =>
  wholeName(`control/${actuator}/command`, namespace)

/** The topics on which a robot's actuators are commanded, and those that say what was sent over a servo bus. */
export const actuatorTopics = (
  robot: Pick<Robot, 'namespace' | 'actuators'>,
): { readonly topic: string; readonly type: TypeName }[] =>
  robot.actuators.flatMap(actuator => {
    if (actuator.kind === 'servo_bus')
      return [{ topic: sentTopic(robot, actuator.name), type: 'sensor_msgs/msg/JointState' as const }]
    return 'topic' in actuator && 'type' in actuator ? [{ topic: actuator.topic, type: actuator.type as TypeName }] : []
  })
