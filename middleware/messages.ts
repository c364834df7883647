/**
 * The messages that travel on a Bus, by their ROS 2 type name. Fields carry the ROS names in camel case; a header is
 * flattened into `stamp` (whole nanoseconds since the run's epoch) and `frameId`. SI units, REP-103 axes.
 *
 * A message handed to a subscriber is valid until the subscriber returns: a publisher on the 1 kHz path refills one
 * message object. Pixel data is the exception: the bytes of an Image or a CompressedImage are never written again after
 * it was published, so they may be kept.
 */
export interface Header {
  /**
   * Whole nanoseconds since the run's epoch, before it or after: the sensor's own time, never the arrival. 0: the
   * source wrote none.
   * -Infinity or Infinity: it lies over 104 days from the epoch, and `far` says when.
   */
  stamp: number
  /** The time as it was written, where no exact number of nanoseconds since the epoch can say it. */
  far?: { sec: number; nanosec: number } | undefined
  frameId: string
}

/**
 * sensor_msgs/Image. `step` is the length of a row in bytes; mostly `data.length === step * height`, see
 * fusion/frame.ts for what drivers make of it.
 */
export interface Image extends Header {
  height: number
  width: number
  encoding: string
  isBigendian: boolean
  step: number
  data: Uint8Array
}

/** sensor_msgs/CompressedImage: `format` as image_transport writes it, such as `rgb8; jpeg compressed bgr8`. */
export interface CompressedImage extends Header {
  format: string
  data: Uint8Array
}

/** sensor_msgs/CameraInfo, the parts that matter here: `k` is the 3x3 intrinsic matrix, row-major. */
export interface CameraInfo extends Header {
  height: number
  width: number
  distortionModel: string
  d: Float64Array
  k: Float64Array
}

/** geometry_msgs/WrenchStamped as one vector: fx, fy, fz (N), tx, ty, tz (N·m). */
export interface WrenchStamped extends Header {
  wrench: Float64Array
}

/** geometry_msgs/PoseStamped as one vector: x, y, z (m), qx, qy, qz, qw. */
export interface PoseStamped extends Header {
  pose: Float64Array
}

/** sensor_msgs/JointState. An array that the source did not fill is empty. */
export interface JointState extends Header {
  name: readonly string[]
  position: Float64Array
  velocity: Float64Array
  effort: Float64Array
}

/** prehend_interfaces/VoiceEvent: one recognised utterance. `confidence` is 0..1. */
export interface VoiceEvent extends Header {
  text: string
  confidence: number
}

/** std_msgs/String: no header, so its stamp is its receive time. */
export interface StringMessage {
  data: string
}

/**
 * prehend_interfaces/ActionChunk: see policy/policy.ts for the meaning of a row. Empty `gate`: the policy has none.
 */
export interface ActionChunkMessage extends Header {
  rate: number
  /** f32[rows * 6], row-major. */
  data: Float32Array
  /** Tool pose at `stamp`: x, y, z, qx, qy, qz, qw. */
  origin: Float64Array
  gate: Float32Array
  /** NaN: the policy does not say. */
  graspSuccess: number
}

export interface MessageTypes {
  'sensor_msgs/msg/Image': Image
  'sensor_msgs/msg/CompressedImage': CompressedImage
  'sensor_msgs/msg/CameraInfo': CameraInfo
  'geometry_msgs/msg/WrenchStamped': WrenchStamped
  'geometry_msgs/msg/PoseStamped': PoseStamped
  'sensor_msgs/msg/JointState': JointState
  'prehend_interfaces/msg/VoiceEvent': VoiceEvent
  'prehend_interfaces/msg/ActionChunk': ActionChunkMessage
  'std_msgs/msg/String': StringMessage
}

export type TypeName = keyof MessageTypes
