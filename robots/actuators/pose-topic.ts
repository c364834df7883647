import { z } from 'zod'
import { POSE_TYPE } from '../../fusion/stream-types/pose-stamped.js'
import { rosType } from '../fields.js'
import { frameName, topic } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { checkPoseStream, poseStream } from './state-stream.js'

interface Section {
  readonly topic: string
  readonly type: string
  readonly pose: string
  readonly tilts?: boolean | undefined
  /** The frame of the measured poses. Undefined: the messages alone say it. */
  readonly frame?: string | undefined
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
    'an arm that takes poses of its tool, base frame. With `tilts: true` the tool may take every rotation, else it keeps its tilt. `frame: FRAME` says in which frame its poses are: a policy for another one is refused, and the arm holds where its poses come in another one',
  channels: '`pose`',
  claims: ({ type }) => type === POSE_TYPE,
  shape: () => ({
    topic,
    type: rosType([POSE_TYPE]),
    pose: poseStream,
    frame: frameName
      .optional()
      .meta({ description: 'The frame of the poses. Default: the one that the measured poses name.' }),
    tilts: z
      .boolean({ error: 'expected true or false' })
      .optional()
      .meta({ description: 'Whether the tool may take every rotation. Default false: it moves and yaws.' }),
  }),
  takes: ({ tilts, frame }) => [
    { kind: 'pose', names: [], rotation: tilts ? 'any' : 'yaw', ...(frame !== undefined && { frame }) },
  ],
  hasJoints: false,
  resolve(section, context) {
    const whole = context.whole(section.topic)
    checkPoseStream(section.pose, whole, context)
    const { type, pose, tilts = false, frame } = section
    return {
      kind: 'pose_topic',
      topic: whole,
      type,
      pose,
      tilts,
      frame,
      takes: this.takes(section),
      joints: [],
      state: pose,
    }
  },
  canonical: ({ topic: at, type, pose, tilts, frame }, below) => ({
    topic: below(at),
    type,
    pose,
    ...(tilts && { tilts }),
    ...(frame !== undefined && { frame }),
  }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: ({ topic: at, type, pose, tilts, frame }, topicOf) =>
    `${at} (${type})${tilts ? ', any rotation' : ''}${frame === undefined ? '' : `, in ${frame}`}; its tool is where ${pose} says (${topicOf(pose)})`,
})
