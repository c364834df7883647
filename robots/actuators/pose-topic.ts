import { z } from 'zod'
import { POSE_TYPE } from '../../fusion/stream-types/pose-stamped.js'
import { rosType } from '../fields.js'
import { topic } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { checkPoseStream, poseStream } from './state-stream.js'

interface Section {
  readonly topic: string
  readonly type: string
  readonly pose: string
  readonly tilts?: boolean | undefined
}

/** An arm that takes poses of its tool on a topic. */
export interface PoseTopic extends ActuatorBase, Section {
  readonly kind: 'pose_topic'
  /** Whether the tool may take every rotation. Else it keeps its tilt, and only moves and yaws. */
  readonly tilts: boolean
}

export const poseTopic = actuatorKind<Section, PoseTopic>({
  kind: 'pose_topic',
  written: `\`{ topic, type: ${POSE_TYPE}, pose: STREAM }\``,
  meaning:
    'an arm that takes poses of its tool, base frame. With `tilts: true` the tool may take every rotation, else it keeps its tilt',
  channels: '`pose`',
  claims: ({ type }) => type === POSE_TYPE,
  shape: () => ({
    topic,
    type: rosType([POSE_TYPE]),
    pose: poseStream,
    tilts: z
      .boolean({ error: 'expected true or false' })
      .optional()
      .meta({ description: 'Whether the tool may take every rotation. Default false: it moves and yaws.' }),
  }),
  takes: ({ tilts }) => [{ kind: 'pose', names: [], rotation: tilts ? 'any' : 'yaw' }],
  hasJoints: false,
  resolve(section, context) {
    const whole = context.whole(section.topic)
    checkPoseStream(section.pose, whole, context)
    const { type, pose, tilts = false } = section
    return { kind: 'pose_topic', topic: whole, type, pose, tilts, takes: this.takes(section), joints: [], state: pose }
  },
  canonical: ({ topic: at, type, pose, tilts }, below) => ({ topic: below(at), type, pose, ...(tilts && { tilts }) }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: ({ topic: at, type, pose, tilts }, topicOf) =>
    `${at} (${type})${tilts ? ', any rotation' : ''}; its tool is where ${pose} says (${topicOf(pose)})`,
})
