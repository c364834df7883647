/**
 * The messages on a Bus, by their ROS 2 type name. Fields have the ROS names in camel case. A header is flattened into
 * `stamp` (whole nanoseconds since the run's epoch) and `frameId`. SI units, REP-103 axes.
 *
 * A message is valid only until the subscription's listener returns, because a publisher on the 1 kHz path reuses one
 * message object. Pixel data are the exception: the bytes of an Image or a CompressedImage never change after it was
 * published, so a listener may keep them.
 */
export interface Header {
  /**
   * Whole nanoseconds since the run's epoch, before it or after: the time of the measurement, never the time of
   * arrival. 0: the source wrote none. -Infinity or Infinity: more than 104 days from the epoch; `far` then has the
   * time.
   */
  stamp: number
  /** The time as the source wrote it; set when `stamp` is infinite. */
  far?: { sec: number; nanosec: number } | undefined
  frameId: string
}

/**
 * sensor_msgs/Image. `step` is the length of a row in bytes. Normally `data.length === step * height`; fusion/camera-frame.ts
 * describes where drivers differ.
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

/** sensor_msgs/CameraInfo, the fields in use: `k` is the 3x3 intrinsic matrix, row-major. */
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

/** geometry_msgs/TwistStamped as one vector: vx, vy, vz (m/s), wx, wy, wz (rad/s). */
export interface TwistStamped extends Header {
  twist: Float64Array
}

/** sensor_msgs/JointState. An array that the source did not fill is empty. */
export interface JointState extends Header {
  name: readonly string[]
  position: Float64Array
  velocity: Float64Array
  effort: Float64Array
}

/**
 * sensor_msgs/Imu: orientation (qx, qy, qz, qw), angular velocity (rad/s), linear acceleration (m/s²). A covariance is
 * f64[9], row-major; -1 as its first number: the source does not measure this.
 */
export interface Imu extends Header {
  orientation: Float64Array
  orientationCovariance: Float64Array
  angularVelocity: Float64Array
  angularVelocityCovariance: Float64Array
  linearAcceleration: Float64Array
  linearAccelerationCovariance: Float64Array
}

/**
 * std_msgs/Float64MultiArray, Float32MultiArray. No header, so its stamp is its receive time. `dimensions`: the outermost
 * first. `dataOffset`: numbers of padding at the front of `data`.
 */
export interface MultiArray<Numbers extends Float32Array | Float64Array> {
  dimensions: readonly { readonly label: string; readonly size: number; readonly stride: number }[]
  dataOffset: number
  data: Numbers
}

/** trajectory_msgs/JointTrajectory. A stamp of 0: it begins when it is received. */
export interface JointTrajectory extends Header {
  jointNames: readonly string[]
  points: readonly JointTrajectoryPoint[]
}

/** The values of the joints in the order of `jointNames`, rad or m. Empty: the point says none. */
export interface JointTrajectoryPoint {
  positions: Float64Array
  velocities: Float64Array
  accelerations: Float64Array
  effort: Float64Array
  /** ns from the trajectory's beginning on. */
  timeFromStart: number
}

/** Who spoke, each at the index that is its number in a VoiceEvent. */
export const SPEAKERS = ['somebody', 'script', 'goal'] as const
/** Who spoke, as a voice event says it. */
export type SpeakerName = (typeof SPEAKERS)[number]

/** prehend_interfaces/VoiceEvent: one recognised utterance. `confidence` is 0..1. */
export interface VoiceEvent extends Header {
  text: string
  confidence: number
  /** Left out: somebody. */
  speaker?: SpeakerName
}

/** std_msgs/String. It has no header, so its stamp is its receive time. */
export interface StringMessage {
  data: string
}

/**
 * prehend_interfaces/ActionGroup: what a group of columns commands. policy/action/action-kind.ts has the meaning. An
 * empty text or list: the kind has no such field.
 */
export interface ActionGroupMessage {
  name: string
  kind: string
  counts: string
  joints: readonly string[]
  continuous: readonly string[]
  rotation: string
  frame: string
  channels: readonly string[]
  unit: string
}

/**
 * prehend_interfaces/ActionChunk. policy/policy.ts has the meaning of a row. Empty `gate`: the policy has none.
 */
export interface ActionChunkMessage extends Header {
  rate: number
  /** f32[rows * columns], row-major. */
  data: Float32Array
  /** Tool pose at `stamp`: x, y, z, qx, qy, qz, qw. Rows without `groups` count from it. */
  origin: Float64Array
  gate: Float32Array
  /** 0 to 1; NaN: the policy does not give it. */
  graspSuccess: number
  /** The columns of a row. Left out or empty: the 6 channels of contract version 1. */
  groups?: readonly ActionGroupMessage[]
  /** Where the actuators were at `stamp`, for the groups that count from there, one after another. */
  origins?: Float64Array
  /** Of a head: the stamp (ns) of the observation that its features are from. Left out: the policy is one graph. */
  featureStamp?: number
}

/** sensor_msgs/Joy: how far each axis of a gamepad is pushed (-1 to 1), and which buttons are down (1). */
export interface Joy extends Header {
  axes: Float32Array
  buttons: Int32Array
}

/** The messages by their ROS type. */
export interface MessageTypes {
  'sensor_msgs/msg/Image': Image
  'sensor_msgs/msg/CompressedImage': CompressedImage
  'sensor_msgs/msg/CameraInfo': CameraInfo
  'geometry_msgs/msg/WrenchStamped': WrenchStamped
  'geometry_msgs/msg/PoseStamped': PoseStamped
  'geometry_msgs/msg/TwistStamped': TwistStamped
  'sensor_msgs/msg/JointState': JointState
  'sensor_msgs/msg/Imu': Imu
  'sensor_msgs/msg/Joy': Joy
  'std_msgs/msg/Float64MultiArray': MultiArray<Float64Array>
  'trajectory_msgs/msg/JointTrajectory': JointTrajectory
  'std_msgs/msg/Float32MultiArray': MultiArray<Float32Array>
  'prehend_interfaces/msg/VoiceEvent': VoiceEvent
  'prehend_interfaces/msg/ActionChunk': ActionChunkMessage
  'std_msgs/msg/String': StringMessage
}

/** A ROS type that travels on every bus. */
export type TypeName = keyof MessageTypes
