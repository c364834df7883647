import { rosType, word } from '../fields.js'
import { topic } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { describeJoints, jointNames, takesOfJoints, type JointValue } from './joint-names.js'
import { checkJointStream, jointStream } from './state-stream.js'

const TYPE = 'std_msgs/msg/Float64MultiArray'

const PLURAL: Readonly<Record<JointValue, string>> = {
  position: 'positions',
  velocity: 'velocities',
  effort: 'efforts',
}

interface Section {
  readonly topic: string
  readonly type: string
  readonly values: JointValue
  readonly joints: readonly string[]
  readonly state: string
}

/** Joints that take one number each, without names, as ros2_control's forward_command_controller does. */
export interface ForwardCommand extends ActuatorBase, Section {
  readonly kind: 'forward_command'
  readonly state: string
}

export const forwardCommand = actuatorKind<Section, ForwardCommand>({
  kind: 'forward_command',
  written: `\`{ topic, type: ${TYPE}, values: position, joints: [NAME, …], state: STREAM }\``,
  meaning:
    "numbers in the order of `joints`, such as to ros2_control's forward_command_controller; `values` is `position`, `velocity` or `effort`",
  channels: '`joint_position` (with one joint also `scalar`), `joint_velocity` or `joint_effort`',
  claims: ({ type }) => type === TYPE,
  shape: () => ({
    topic,
    type: rosType([TYPE]),
    values: word('value', ['position', 'velocity', 'effort']).meta({ description: 'What the numbers are.' }),
    joints: jointNames,
    state: jointStream,
  }),
  takes: ({ values, joints }) => takesOfJoints(values, joints),
  hasJoints: true,
  resolve(section, context) {
    const whole = context.whole(section.topic)
    const { type, values, joints, state } = section
    checkJointStream(state, joints, whole, context)
    return { kind: 'forward_command', topic: whole, type, values, joints, state, takes: this.takes(section) }
  },
  canonical: ({ topic: at, type, values, joints, state }, below) => ({
    topic: below(at),
    type,
    values,
    joints,
    state,
  }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: (actuator, topicOf) =>
    `${actuator.topic} (${actuator.type}), ${PLURAL[actuator.values]} of ${describeJoints(actuator, topicOf)}`,
})
