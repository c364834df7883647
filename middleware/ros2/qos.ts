import type { TypeName } from '../messages.js'
import type { Rclnodejs } from './rclnodejs.js'

interface Profile {
  readonly reliable: boolean
  readonly depth: number
  /** Late subscribers get the last messages too. */
  readonly transientLocal?: boolean
}

/**
 * Depths of the queues of sensor topics, which are best-effort (REP-2003's sensor data): about a third of a second of
 * pictures, a second of everything else. A machine may be busy for that long before a message is lost. All other topics
 * are reliable.
 */
const SENSOR: Readonly<Partial<Record<TypeName, number>>> = {
  'sensor_msgs/msg/Image': 10,
  'sensor_msgs/msg/CompressedImage': 10,
  'sensor_msgs/msg/CameraInfo': 10,
  'geometry_msgs/msg/WrenchStamped': 1000,
  'geometry_msgs/msg/PoseStamped': 250,
  'sensor_msgs/msg/JointState': 100,
  'sensor_msgs/msg/Imu': 1000,
  'std_msgs/msg/Float64MultiArray': 100,
  'std_msgs/msg/Float32MultiArray': 100,
}

/**
 * Types with small messages at hundreds of hertz. They are read in batches when no listener needs the single message at
 * once. Types without a header are not: their stamp is the time at which they are read.
 */
export const BATCHED: ReadonlySet<string> = new Set<TypeName>([
  'geometry_msgs/msg/WrenchStamped',
  'geometry_msgs/msg/PoseStamped',
  'sensor_msgs/msg/JointState',
  'sensor_msgs/msg/Imu',
])

/** Factor on the depth of the queue of a subscription that wants every message. */
const PATIENT = 10

/**
 * The profile of a subscription to a type. The parameters `qos_overrides.*` can change it. `reliable`: every message is
 * wanted, of sensors too, so the queue is longer.
 */
export function subscriptionProfile(type: string, { reliable = false } = {}): Profile {
  const depth = SENSOR[type as TypeName]
  if (depth === undefined) return { reliable: true, depth: 10 }
  return reliable ? { reliable, depth: PATIENT * depth } : { reliable, depth }
}

/** The profile of a publisher: reliable for sensors too (REP-2003), so that every subscription is compatible. */
export function publisherProfile(type: string): Profile {
  return { ...subscriptionProfile(type), reliable: true }
}

/** Options of rclnodejs for a publisher of a type: `publisherProfile`, and the `qos_overrides.*` parameters. */
export function publisherOptions(rcl: Rclnodejs, type: string): object {
  return { qos: qosOf(rcl, publisherProfile(type)), qosOverridingOptions: overridesOf(rcl) }
}

/** A profile as an object of rclnodejs. */
export function qosOf(rcl: Rclnodejs, { reliable, depth, transientLocal = false }: Profile): unknown {
  const { HistoryPolicy, ReliabilityPolicy, DurabilityPolicy } = rcl.QoS
  return new rcl.QoS(
    HistoryPolicy.RMW_QOS_POLICY_HISTORY_KEEP_LAST,
    depth,
    reliable
      ? ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_RELIABLE
      : ReliabilityPolicy.RMW_QOS_POLICY_RELIABILITY_BEST_EFFORT,
    transientLocal
      ? DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_TRANSIENT_LOCAL
      : DurabilityPolicy.RMW_QOS_POLICY_DURABILITY_VOLATILE,
  )
}

/** The policies that the parameters `qos_overrides.TOPIC.subscription.*` and `.publisher.*` may change. */
export function overridesOf(rcl: Rclnodejs): unknown {
  const { HISTORY, DEPTH, RELIABILITY, DURABILITY } = rcl.QoSPolicyKind
  return new rcl.QoSOverridingOptions([HISTORY, DEPTH, RELIABILITY, DURABILITY])
}
