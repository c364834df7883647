import { rosType } from '../fields.js'
import { topic } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { describeJoints, jointNames, takesOfJoints } from './joint-names.js'
import { checkJointStream, jointStream } from './state-stream.js'

const TYPE = 'trajectory_msgs/msg/JointTrajectory'

interface Section {
  readonly topic: string
  readonly type: string
  readonly joints: readonly string[]
  readonly state: string
}

/** Joints that take positions by name on a topic, as ros2_control's joint_trajectory_controller does. */
export interface JointTrajectory extends ActuatorBase, Section {
  readonly kind: 'joint_trajectory'
  readonly state: string
}

export const jointTrajectory = actuatorKind<Section, JointTrajectory>({
  kind: 'joint_trajectory',
  written: `\`{ topic, type: ${TYPE}, joints: [NAME, …], state: STREAM }\``,
  meaning: "positions by joint, such as to ros2_control's joint_trajectory_controller",
  channels: '`joint_position`; `scalar` with one joint',
  claims: ({ type }) => type === TYPE,
  shape: () => ({ topic, type: rosType([TYPE]), joints: jointNames, state: jointStream }),
  takes: ({ joints }) => takesOfJoints('position', joints),
  hasJoints: true,
  resolve(section, context) {
    const whole = context.whole(section.topic)
    const { type, joints, state } = section
    checkJointStream(state, joints, whole, context)
    return { kind: 'joint_trajectory', topic: whole, type, joints, state, takes: this.takes(section) }
  },
  canonical: ({ topic: at, type, joints, state }, below) => ({ topic: below(at), type, joints, state }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: (actuator, topicOf) =>
    `${actuator.topic} (${actuator.type}), positions of ${describeJoints(actuator, topicOf)}`,
})
