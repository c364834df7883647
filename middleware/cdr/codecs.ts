import type { CameraInfo, JointState, Joy, MessageTypes, PoseStamped, TypeName } from '../messages.js'
import { actionChunkCodec } from './action-chunk-codec.js'
import { float32ArrayCodec, float64ArrayCodec } from './array-codecs.js'
import { CdrError } from './cdr-error.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { compressedImageCodec, imageCodec } from './image-codec.js'
import { fieldCodec } from './field-codec.js'
import { imuCodec } from './imu-codec.js'
import { ascii, headerOf, rosHeader, type RosHeader } from './ros-header.js'
import { jointTrajectoryCodec } from './joint-trajectory-codec.js'
import { poseOf, rosPose, type RosPose } from './ros-pose.js'
import { stringCodec, voiceEventCodec } from './text-codecs.js'
import { twistCodec } from './twist-codec.js'
import { wrenchCodec } from './wrench-codec.js'

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
    // Rectification and projection of a monocular camera whose pictures are not rectified.
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
  'sensor_msgs/msg/Imu': imuCodec,
  'geometry_msgs/msg/TwistStamped': twistCodec,
  'sensor_msgs/msg/Joy': definedCodec('sensor_msgs/msg/Joy', {
    fromRos: (raw: { header: RosHeader; axes: Float32Array; buttons: Int32Array }, epochSec): Joy => ({
      ...headerOf(raw.header, epochSec),
      axes: raw.axes,
      buttons: raw.buttons,
    }),
    toRos: (message, epochSec) => ({
      header: rosHeader(message, epochSec),
      axes: message.axes,
      buttons: message.buttons,
    }),
  }),
  'std_msgs/msg/Float64MultiArray': float64ArrayCodec,
  'std_msgs/msg/Float32MultiArray': float32ArrayCodec,
  'trajectory_msgs/msg/JointTrajectory': jointTrajectoryCodec,
  'prehend_interfaces/msg/VoiceEvent': voiceEventCodec,
  'std_msgs/msg/String': stringCodec,
  'prehend_interfaces/msg/ActionChunk': actionChunkCodec,
}

/** Whether a type has a codec in the table. */
export function isTypeName(type: string): type is TypeName {
  return Object.hasOwn(CODECS, type)
}

/**
 * Decodes CDR bytes (with encapsulation header, either byte order). The message's stamp counts from `epochSec`
 * (absolute seconds). A WrenchStamped is one object that the next call overwrites; the data of an Image or
 * CompressedImage are a view of `bytes`. Throws CdrError for bytes that are no such message. The length of an Image's
 * data is not checked against its size.
 */
export function decode<T extends TypeName>(type: T, bytes: Uint8Array, epochSec: number): MessageTypes[T] {
  return codecOf(type).decode(bytes, epochSec)
}

/** Encodes a message as little-endian CDR in a buffer of its own. Throws CdrError CDR_TYPE for an unknown type. */
export function encode<T extends TypeName>(type: T, message: MessageTypes[T], epochSec: number): Uint8Array {
  return codecOf(type).encode(message, epochSec)
}

/**
 * The bytes of a message of any type in the layout of today's definition (`definitionText`), which is what a channel or a
 * publisher says of them. Bytes that are no such message stay as they are.
 */
export function inCurrentLayout(type: string, bytes: Uint8Array): Uint8Array {
  const codec = isTypeName(type) ? CODECS[type] : undefined
  if (!codec?.current) return bytes
  try {
    return codec.current(bytes)
  } catch (error) {
    if (error instanceof CdrError) return bytes
    throw error
  }
}

function codecOf<T extends TypeName>(type: T): Codec<MessageTypes[T]> {
  if (isTypeName(type)) return CODECS[type]
  const codec = fieldCodec(type)
  if (!codec) throw new CdrError('CDR_TYPE', `${String(type)}: expected one of ${Object.keys(CODECS).join(', ')}`)
  return codec as Codec<MessageTypes[T]>
}
