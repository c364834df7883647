import { z } from 'zod'
import { POSE_TYPE } from '../../fusion/stream-types/pose-stamped.js'
import { shortList, unknownName } from '../validation.js'
import type { SectionContext } from './actuator-kind.js'

const JOINT_STATE = 'sensor_msgs/msg/JointState'

/** The schema of the key that names the stream with the tool pose. */
export const poseStream = z
  .string({ error: `expected the name of the ${POSE_TYPE} stream that says where the tool is, such as pose: tool` })
  .meta({ description: 'The stream of this file that says where the tool is.' })

/** The schema of the key that names the stream with the positions of the joints. */
export const jointStream = z
  .string({
    error: `expected the name of the ${JOINT_STATE} stream that says where the joints are, such as state: joints`,
  })
  .meta({ description: 'The stream of this file that says where the joints are.' })

/**
 * Checks the stream that says where the tool is. The file must name it: another pose in the file (of a marker, of a
 * camera) must never be used for it.
 */
export function checkPoseStream(pose: string, topic: string, { streams, fail }: SectionContext): void {
  const poses = streams.filter(({ type }) => type === POSE_TYPE).map(({ name }) => name)
  if (poses.length === 0)
    fail(['pose'], `an arm needs a stream of type ${POSE_TYPE} that says where its tool is; this file has none`)
  const stream = streams.find(({ name }) => name === pose) ?? fail(['pose'], unknownName('stream', pose, poses))
  if (stream.type !== POSE_TYPE)
    fail(['pose'], `'${pose}' is ${stream.type}; the tool pose is a ${POSE_TYPE}: ${poses.join(', ')}`)
  if (stream.topic === topic)
    fail(['pose'], `'${pose}' is read from ${topic}, where the set-points go; the tool pose is a measured one`)
}

/**
 * Checks the stream that says where the joints are: it selects the position of each of them, so that every one is known
 * by its name. `topic` is where the commands go, if they go to a topic.
 */
export function checkJointStream(
  state: string,
  joints: readonly string[],
  topic: string | undefined,
  { streams, fail }: SectionContext,
): void {
  const known = streams.filter(({ type }) => type === JOINT_STATE).map(({ name }) => name)
  if (known.length === 0)
    fail(['state'], `joints need a stream of type ${JOINT_STATE} that says where they are; this file has none`)
  const stream = streams.find(({ name }) => name === state) ?? fail(['state'], unknownName('stream', state, known))
  if (stream.type !== JOINT_STATE)
    fail(['state'], `'${state}' is ${stream.type}; joints are read from a ${JOINT_STATE}: ${known.join(', ')}`)
  if (stream.topic === topic)
    fail(['state'], `'${state}' is read from ${topic}, where the commands go; the state is a measured one`)
  const missing = joints.filter(joint => !stream.select.includes(`position.${joint}`))
  if (missing.length > 0) {
    const wanted = shortList(missing.map(joint => `position.${joint}`))
    const has = stream.select.length === 0 ? 'nothing by name' : shortList(stream.select)
    fail(['state'], `stream '${state}' selects ${has}; add ${wanted} to its select`)
  }
}
