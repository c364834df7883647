import type { ActionChunkMessage, CameraInfo, JointState, MessageTypes, PoseStamped, TypeName } from '../messages.js'
import { CdrError } from './cdr-error.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { compressedImageCodec, imageCodec } from './image-codec.js'
import { fieldCodec } from './field-codec.js'
import { ascii, headerOf, rosHeader, type RosHeader } from './ros-header.js'
import { stringCodec, voiceEventCodec } from './text-codecs.js'
import { wrenchCodec } from './wrench-codec.js'

interface RosPose {
  position: { x: number; y: number; z: number }
  orientation: { x: number; y: number; z: number; w: number }
}

const poseOf = ({ position: p, orientation: q }: RosPose): Float64Array =>
  Float64Array.of(p.x, p.y, p.z, q.x, q.y, q.z, q.w)

const rosPose = ([px = NaN, py = NaN, pz = NaN, qx = NaN, qy = NaN, qz = NaN, qw = NaN]: Float64Array): RosPose => ({
  position: { x: px, y: py, z: pz },
  orientation: { x: qx, y: qy, z: qz, w: qw },
})

const CODECS: { readonly [T in TypeName]: Codec<MessageTypes[T]> } = {
  'sensor_msgs/msg/Image': imageCodec,
  'sensor_msgs/msg/CompressedImage': compressedImageCodec,
  'geometry_msgs/msg/WrenchStamped': wrenchCodec,
  'sensor_msgs/msg/CameraInfo': definedCodec('sensor_msgs/msg/CameraInfo', {
    fromRos: (
      raw: {
        header: RosHeader
        height: number
        width: number
        distortion_model: string
        d: Float64Array
        k: Float64Array
      },
      epochSec,
    ): CameraInfo => ({
      ...headerOf(raw.header, epochSec),
      height: raw.height,
      width: raw.width,
      distortionModel: raw.distortion_model,
      d: raw.d,
      k: raw.k,
    }),
    // The projection and the rectification of an unrectified monocular camera.
    toRos: (message, epochSec) => ({
      header: rosHeader(message, epochSec),
      height: message.height,
      width: message.width,
      distortion_model: message.distortionModel,
      d: message.d,
      k: message.k,
      r: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1),
      p: Float64Array.of(
        ...message.k.subarray(0, 3),
        0,
        ...message.k.subarray(3, 6),
        0,
        ...message.k.subarray(6, 9),
        0,
      ),
    }),
  }),
  'geometry_msgs/msg/PoseStamped': definedCodec('geometry_msgs/msg/PoseStamped', {
    fromRos: (raw: { header: RosHeader; pose: RosPose }, epochSec): PoseStamped => ({
      ...headerOf(raw.header, epochSec),
      pose: poseOf(raw.pose),
    }),
    toRos: (message, epochSec) => ({ header: rosHeader(message, epochSec), pose: rosPose(message.pose) }),
  }),
  'sensor_msgs/msg/JointState': definedCodec('sensor_msgs/msg/JointState', {
    fromRos: (
      raw: {
        header: RosHeader
        name: readonly string[]
        position: Float64Array
        velocity: Float64Array
        effort: Float64Array
      },
      epochSec,
    ): JointState => ({
      ...headerOf(raw.header, epochSec),
      name: raw.name,
      position: raw.position,
      velocity: raw.velocity,
      effort: raw.effort,
    }),
    toRos: (message, epochSec) => ({
      header: rosHeader(message, epochSec),
      name: message.name.map(ascii),
      position: message.position,
      velocity: message.velocity,
      effort: message.effort,
    }),
  }),
  'prehend_interfaces/msg/VoiceEvent': voiceEventCodec,
  'std_msgs/msg/String': stringCodec,
  'prehend_interfaces/msg/ActionChunk': definedCodec('prehend_interfaces/msg/ActionChunk', {
    fromRos: (
      raw: {
        header: RosHeader
        rate: number
        data: Float32Array
        origin: RosPose
        gate: Float32Array
        grasp_success: number
      },
      epochSec,
    ): ActionChunkMessage => ({
      ...headerOf(raw.header, epochSec),
      rate: raw.rate,
      data: raw.data,
      origin: poseOf(raw.origin),
      gate: raw.gate,
      graspSuccess: raw.grasp_success,
    }),
    toRos: (message, epochSec) => ({
      header: rosHeader(message, epochSec),
      rate: message.rate,
      data: message.data,
      origin: rosPose(message.origin),
      gate: message.gate,
      grasp_success: message.graspSuccess,
    }),
  }),
}

/** Types that have a codec. */
export function isTypeName(type: string): type is TypeName {
  return Object.hasOwn(CODECS, type)
}

/**
 * CDR bytes (with encapsulation header, either byte order) to a message whose stamp counts from `epochSec` (absolute
 * seconds). A WrenchStamped is one object that the next call refills; the data of an Image or CompressedImage are a
 * view on `bytes`. Throws CdrError for bytes that are no such message; whether the data of an Image fit its size is for
 * its reader to check.
 */
export function decode<T extends TypeName>(type: T, bytes: Uint8Array, epochSec: number): MessageTypes[T] {
  return codecOf(type).decode(bytes, epochSec)
}

/** A message to little-endian CDR bytes of its own. */
export function encode<T extends TypeName>(type: T, message: MessageTypes[T], epochSec: number): Uint8Array {
  return codecOf(type).encode(message, epochSec)
}

function codecOf<T extends TypeName>(type: T): Codec<MessageTypes[T]> {
  if (isTypeName(type)) return CODECS[type]
  const codec = fieldCodec(type)
  if (!codec) throw new CdrError('CDR_TYPE', `${String(type)}: expected one of ${Object.keys(CODECS).join(', ')}`)
  return codec as Codec<MessageTypes[T]>
}
