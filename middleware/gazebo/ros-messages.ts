import { BusError } from '../bus-error.js'
import { farOf, stampOf, writtenTime } from '../cdr/ros-time.js'
import type { Header as RosHeader, MessageTypes, TypeName, WrenchStamped } from '../messages.js'
import { GzError } from './gz-error.js'
import { CAMERA_INFO, frameOf, IMAGE, IMU, MODEL, PIXELS, POSE, STRING, WRENCH, type Header } from './gz-messages.js'
import type { Decoder, Draft, Fields, MessageOf, Schema } from './proto.js'
import { WrenchReader } from './wrench-reader.js'

/**
 * A ROS type and the Gazebo type that ros_gz_bridge pairs it with. Stamps: whole ns since `epochSec` (absolute
 * seconds).
 */
export interface Pair<T> {
  readonly schema: Schema<Fields>
  /** Makes a decoder for one subscription. It may overwrite one message for all calls. */
  decoder(epochSec: () => number): Decoder<T>
  toGz(message: T, epochSec: number): Draft<Fields>
}

/** Gazebo's pixel formats with their names in sensor_msgs (image_encodings.hpp) and the bytes of a pixel. */
const ENCODINGS: readonly (readonly [format: number, encoding: string, bytes: number])[] = [
  [PIXELS.RGB_INT8, 'rgb8', 3],
  [PIXELS.BGR_INT8, 'bgr8', 3],
  [PIXELS.RGBA_INT8, 'rgba8', 4],
  [PIXELS.BGRA_INT8, 'bgra8', 4],
  [PIXELS.L_INT8, 'mono8', 1],
  [PIXELS.L_INT16, '16UC1', 2],
  [PIXELS.R_FLOAT32, '32FC1', 4],
]
/** Names in sensor_msgs (distortion_models.hpp) of the values of `CameraInfo.Distortion.model`. */
const DISTORTIONS = ['plumb_bob', 'rational_polynomial', 'equidistant']

/** One entry for each type. */
const PAIRS: { readonly [T in TypeName]?: Pair<MessageTypes[T]> } = {
  'sensor_msgs/msg/Image': pair(IMAGE, {
    toRos: ({ header, width, height, step, data, pixelFormatType }, epochSec) => {
      const [, encoding = '', bytes = 0] = ENCODINGS.find(([format]) => format === pixelFormatType) ?? []
      return {
        ...headerOf(header, epochSec),
        width,
        height,
        encoding,
        isBigendian: false,
        step: step || width * bytes,
        data,
      }
    },
    toGz: ({ width, height, encoding, step, data, ...header }, epochSec) => {
      const [format] = ENCODINGS.find(([, name]) => name === encoding) ?? []
      if (format === undefined)
        throw new GzError(
          'GZ_MESSAGE',
          `an image in ${encoding}: expected one of ${ENCODINGS.map(([, name]) => name).join(', ')}`,
        )
      return { header: gzHeader(header, epochSec), width, height, step, data, pixelFormatType: format }
    },
  }),
  'sensor_msgs/msg/CameraInfo': pair(CAMERA_INFO, {
    toRos: ({ header, width, height, distortion, intrinsics }, epochSec) => ({
      ...headerOf(header, epochSec),
      width,
      height,
      distortionModel: DISTORTIONS[distortion?.model ?? 0] ?? '',
      d: Float64Array.from(distortion?.k ?? []),
      k: Float64Array.from(intrinsics?.k ?? []),
    }),
    toGz: ({ width, height, distortionModel, d, k, ...header }, epochSec) => ({
      header: gzHeader(header, epochSec),
      width,
      height,
      distortion: { model: Math.max(0, DISTORTIONS.indexOf(distortionModel)), k: [...d] },
      intrinsics: { k: [...k] },
    }),
  }),
  'geometry_msgs/msg/WrenchStamped': {
    schema: WRENCH as unknown as Schema<Fields>,
    decoder: epochSec => {
      const reader = new WrenchReader()
      const message: WrenchStamped = { stamp: 0, far: undefined, frameId: '', wrench: new Float64Array(6) }
      return {
        name: reader.name,
        decode: bytes => {
          const { sec, nsec, frameId, wrench } = reader.decode(bytes)
          message.stamp = stampOf(sec, nsec, epochSec())
          message.far = farOf(message.stamp, sec, nsec)
          message.frameId = frameId
          message.wrench.set(wrench)
          return message
        },
      }
    },
    toGz: ({ wrench: [fx, fy, fz, tx, ty, tz], ...header }, epochSec) => ({
      header: gzHeader(header, epochSec),
      force: { x: fx, y: fy, z: fz },
      torque: { x: tx, y: ty, z: tz },
    }),
  },
  'geometry_msgs/msg/PoseStamped': pair(POSE, {
    toRos: ({ header, position: p, orientation: q }, epochSec) => ({
      ...headerOf(header, epochSec),
      pose: Float64Array.of(p?.x ?? 0, p?.y ?? 0, p?.z ?? 0, q?.x ?? 0, q?.y ?? 0, q?.z ?? 0, q ? q.w : 1),
    }),
    toGz: ({ pose: [x, y, z, qx, qy, qz, qw], ...header }, epochSec) => ({
      header: gzHeader(header, epochSec),
      position: { x, y, z },
      orientation: { x: qx, y: qy, z: qz, w: qw },
    }),
  }),
  'sensor_msgs/msg/JointState': pair(MODEL, {
    toRos: ({ header, joint }, epochSec) => ({
      ...headerOf(header, epochSec),
      name: joint.map(({ name }) => name),
      position: Float64Array.from(joint, ({ axis1 }) => axis1?.position ?? 0),
      velocity: Float64Array.from(joint, ({ axis1 }) => axis1?.velocity ?? 0),
      effort: Float64Array.from(joint, ({ axis1 }) => axis1?.force ?? 0),
    }),
    toGz: ({ name, position, velocity, effort, ...header }, epochSec) => ({
      header: gzHeader(header, epochSec),
      joint: name.map((each, i) => ({
        name: each,
        axis1: { position: position[i] ?? 0, velocity: velocity[i] ?? 0, force: effort[i] ?? 0 },
      })),
    }),
  }),
  'sensor_msgs/msg/Imu': pair(IMU, {
    // A covariance of zeros is unknown in ROS.
    toRos: ({ header, orientation: q, angularVelocity: v, linearAcceleration: a }, epochSec) => ({
      ...headerOf(header, epochSec),
      orientation: Float64Array.of(q?.x ?? 0, q?.y ?? 0, q?.z ?? 0, q ? q.w : 1),
      orientationCovariance: new Float64Array(9),
      angularVelocity: Float64Array.of(v?.x ?? 0, v?.y ?? 0, v?.z ?? 0),
      angularVelocityCovariance: new Float64Array(9),
      linearAcceleration: Float64Array.of(a?.x ?? 0, a?.y ?? 0, a?.z ?? 0),
      linearAccelerationCovariance: new Float64Array(9),
    }),
    toGz: (
      { stamp, far, frameId, orientation: [x, y, z, w], angularVelocity: v, linearAcceleration: a },
      epochSec,
    ) => ({
      header: gzHeader({ stamp, far, frameId }, epochSec),
      orientation: { x, y, z, w },
      angularVelocity: { x: v[0], y: v[1], z: v[2] },
      linearAcceleration: { x: a[0], y: a[1], z: a[2] },
    }),
  }),
  'std_msgs/msg/String': pair(STRING, { toRos: ({ data }) => ({ data }), toGz: ({ data }) => ({ data }) }),
}

/** The pair of a ROS type. Throws BusError TOPIC_TYPE when Gazebo has no counterpart. */
export function pairOf<T extends TypeName>(topic: string, type: T): Pair<MessageTypes[T]> {
  const found = PAIRS[type]
  if (!found)
    throw new BusError(
      'TOPIC_TYPE',
      `${topic}: ${type} has no counterpart in Gazebo; expected one of ${Object.keys(PAIRS).join(', ')}`,
    )
  return found
}

/** The ROS type of a Gazebo type (without its dialect); undefined when there is no pair. */
export function rosType(name: string): TypeName | undefined {
  return (Object.keys(PAIRS) as TypeName[]).find(type => PAIRS[type]?.schema.name === name)
}

function pair<F extends Fields, T>(
  schema: Schema<F>,
  {
    toRos,
    toGz,
  }: { toRos(message: MessageOf<Schema<F>>, epochSec: number): T; toGz(message: T, epochSec: number): Draft<F> },
): Pair<T> {
  return {
    schema: schema,
    decoder: epochSec => ({ name: schema.name, decode: bytes => toRos(schema.decode(bytes), epochSec()) }),
    toGz: toGz,
  }
}

function headerOf(header: Header | undefined, epochSec: number): RosHeader {
  const { sec, nsec } = { sec: 0, nsec: 0, ...header?.stamp }
  const stamp = stampOf(sec, nsec, epochSec)
  return { stamp, far: farOf(stamp, sec, nsec), frameId: frameOf(header) }
}

function gzHeader({ frameId, ...stamped }: RosHeader, epochSec: number): object {
  const { sec, nanosec } = writtenTime(stamped, epochSec)
  return { stamp: { sec, nsec: nanosec }, ...(frameId === '' ? {} : { data: [{ key: 'frame_id', value: [frameId] }] }) }
}
