import type { ActionChunkMessage, ActionGroupMessage } from '../messages.js'
import { CdrInput } from './cdr-input.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { readHeader } from './image-codec.js'
import { ascii, headerOf, rosHeader, type RosHeader } from './ros-header.js'
import { poseOf, rosPose, type RosPose } from './ros-pose.js'
import { stampOf, timeOf, type RosTime } from './ros-time.js'

const VERSION = 3
const POSE_NUMBERS = 7
const NO_ORIGINS = new Float64Array(0)
const NO_TIME: RosTime = { sec: 0, nanosec: 0 }
/** What each later version has behind the one before. Zeros are the same in both byte orders. */
const BEHIND_1 = Buffer.concat([Buffer.of(VERSION, 0, 0, 0), Buffer.alloc(16)])
const BEHIND_2 = Buffer.alloc(8)
/** Strings and lists of strings of a group, in order. */
const GROUP = ['text', 'text', 'text', 'list', 'list', 'text', 'text', 'list', 'text'] as const

interface RosActionChunk {
  header: RosHeader
  rate: number
  data: Float32Array
  origin: RosPose
  gate: Float32Array
  grasp_success: number
  version: number
  groups: readonly ActionGroupMessage[]
  origins: Float64Array
  feature_stamp: RosTime
}

const newest = definedCodec<ActionChunkMessage, RosActionChunk>('prehend_interfaces/msg/ActionChunk', {
  fromRos: (raw, epochSec) => ({
    ...headerOf(raw.header, epochSec),
    rate: raw.rate,
    data: raw.data,
    origin: poseOf(raw.origin),
    gate: raw.gate,
    graspSuccess: raw.grasp_success,
    // A chunk without groups is what it always was.
    ...(raw.groups.length > 0 && { groups: raw.groups, origins: raw.origins }),
    ...featureStampOf(raw.feature_stamp, epochSec),
  }),
  toRos: (message, epochSec) => ({
    header: rosHeader(message, epochSec),
    rate: message.rate,
    data: message.data,
    origin: rosPose(message.origin),
    gate: message.gate,
    grasp_success: message.graspSuccess,
    version: VERSION,
    groups: (message.groups ?? []).map(asciiGroup),
    origins: message.origins ?? NO_ORIGINS,
    feature_stamp: message.featureStamp === undefined ? NO_TIME : timeOf(message.featureStamp, epochSec),
  }),
})

/** Version 1 ends behind the success of the grasp: its rows have no groups. Version 2 ends behind the origins. */
export const actionChunkCodec: Codec<ActionChunkMessage> = {
  decode: (bytes, epochSec) => newest.decode(inNewestLayout(bytes), epochSec),
  encode: (message, epochSec) => newest.encode(message, epochSec),
  current: inNewestLayout,
}

const input = new CdrInput()

function inNewestLayout(bytes: Uint8Array): Uint8Array {
  input.reset(bytes)
  readHeader(input, { stamp: 0, frameId: '' }, 0)
  input.float32()
  input.skipSequence(Float32Array.BYTES_PER_ELEMENT)
  for (let i = 0; i < POSE_NUMBERS; i++) input.float64()
  input.skipSequence(Float32Array.BYTES_PER_ELEMENT)
  input.float32()
  // The version with its padding, no groups, no origins, no stamp.
  if (!input.more) return Buffer.concat([bytes, BEHIND_1])
  input.uint8()
  for (let groups = input.uint32(); groups > 0; groups--) for (const field of GROUP) skip(field)
  input.skipSequence(Float64Array.BYTES_PER_ELEMENT)
  return input.more ? bytes : Buffer.concat([bytes, BEHIND_2])
}

function skip(field: (typeof GROUP)[number]): void {
  for (let texts = field === 'list' ? input.uint32() : 1; texts > 0; texts--) input.skipSequence(1)
}

/** A stamp that is too far from the epoch to be exact is of no observation. */
function featureStampOf({ sec, nanosec }: RosTime, epochSec: number): Pick<ActionChunkMessage, 'featureStamp'> {
  const featureStamp = stampOf(sec, nanosec, epochSec)
  return (sec === 0 && nanosec === 0) || !Number.isFinite(featureStamp) ? {} : { featureStamp }
}

function asciiGroup(group: ActionGroupMessage): ActionGroupMessage {
  const { joints, continuous, channels, ...texts } = group
  return {
    ...(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, ascii(text)])) as typeof texts),
    joints: joints.map(ascii),
    continuous: continuous.map(ascii),
    channels: channels.map(ascii),
  }
}
