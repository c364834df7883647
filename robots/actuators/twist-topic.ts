import { rosType, word } from '../fields.js'
import { frameName, topic } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { checkPoseStream, poseStream } from './state-stream.js'

const TYPE = 'geometry_msgs/msg/TwistStamped'

interface Section {
  readonly topic: string
  readonly type: string
  readonly frame: string
  readonly pose: string
  readonly axes?: 'base' | 'tool' | undefined
}

/** An arm that takes velocities of its tool on a topic, as MoveIt Servo does. */
export interface TwistTopic extends ActuatorBase, Section {
  readonly kind: 'twist_topic'
  /** Whose axes the velocities have: those of the frame of its poses, or those of its tool. */
  readonly axes: 'base' | 'tool'
}

export const twistTopic = actuatorKind<Section, TwistTopic>({
  kind: 'twist_topic',
  written: `\`{ topic, type: ${TYPE}, frame: FRAME, pose: STREAM }\``,
  meaning:
    'an arm that takes velocities of its tool in the frame FRAME, such as MoveIt Servo. FRAME is that of its poses, or with `axes: tool` that of its tool',
  channels: '`twist`',
  claims: ({ type }) => type === TYPE,
  shape: () => ({
    topic,
    type: rosType([TYPE]),
    frame: frameName.meta({ description: 'The frame in which the velocities are.' }),
    pose: poseStream,
    axes: word('value', ['base', 'tool'])
      .optional()
      .meta({ description: 'Whether the frame is that of the poses (base, the default) or that of the tool.' }),
  }),
  takes: ({ frame }) => [{ kind: 'twist', names: [], frame }],
  hasJoints: false,
  resolve(section, context) {
    const whole = context.whole(section.topic)
    checkPoseStream(section.pose, whole, context)
    const { type, frame, pose, axes = 'base' } = section
    return {
      kind: 'twist_topic',
      topic: whole,
      type,
      frame,
      pose,
      axes,
      takes: this.takes(section),
      joints: [],
      state: pose,
    }
  },
  canonical: ({ topic: at, type, frame, pose, axes }, below) => ({
    topic: below(at),
    type,
    frame,
    pose,
    ...(axes === 'tool' && { axes }),
  }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: ({ topic: at, type, frame, pose }, topicOf) =>
    `${at} (${type}), velocities in ${frame}; its tool is where ${pose} says (${topicOf(pose)})`,
})
