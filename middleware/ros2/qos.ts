import type { TypeName } from '../messages.js'
import type { Rclnodejs } from './rclnodejs.js'

interface Profile {
  readonly reliable: boolean
  readonly depth: number
  /** Who comes later gets the last ones too. */
  readonly transientLocal?: boolean
}

/**
 * What subscribers would rather lose than wait for: sensors (REP-2003's sensor data), with queues for a third of a
 * second of pictures and a second of the rest: so long may a machine be busy before something is lost. Everything else
 * arrives.
 */
const SENSOR: Readonly<Partial<Record<TypeName, number>>> = {
  'sensor_msgs/msg/Image': 10,
  'sensor_msgs/msg/CompressedImage': 10,
  'sensor_msgs/msg/CameraInfo': 10,
  'geometry_msgs/msg/WrenchStamped': 1000,
  'geometry_msgs/msg/PoseStamped': 250,
  'sensor_msgs/msg/JointState': 100,
}

/**
 * Types whose messages are small and come by the hundred a second: worth reading in batches where nobody waits for the
 * single one.
 */
export const BATCHED: ReadonlySet<string> = new Set<TypeName>([
  'geometry_msgs/msg/WrenchStamped',
  'geometry_msgs/msg/PoseStamped',
  'sensor_msgs/msg/JointState',
])

/** How many times longer the queues are of whoever wants everything. */
const PATIENT = 10

/**
 * What a subscription of a type asks for; `qos_overrides.*` parameters change it. `reliable`: everything, sensors too,
 * in longer queues.
 */
export function subscriptionProfile(type: string, { reliable = false } = {}): Profile {
  const depth = SENSOR[type as TypeName]
  if (depth === undefined) return { reliable: true, depth: 10 }
  return reliable ? { reliable, depth: PATIENT * depth } : { reliable, depth }
}

/** What a publisher offers: reliability, for sensors too (REP-2003), so that whoever asks for less gets it as well. */
export function publisherProfile(type: string): Profile {
  return { ...subscriptionProfile(type), reliable: true }
}

/** What a publisher of a type is made with: `publisherProfile`, and what `qos_overrides.*` parameters make of it. */
export function publisherOptions(rcl: Rclnodejs, type: string): object {
  return { qos: qosOf(rcl, publisherProfile(type)), qosOverridingOptions: overridesOf(rcl) }
}

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

/** The policies that `qos_overrides.TOPIC.subscription.*` and `.publisher.*` may change. */
export function overridesOf(rcl: Rclnodejs): unknown {
  const { HISTORY, DEPTH, RELIABILITY, DURABILITY } = rcl.QoSPolicyKind
  return new rcl.QoSOverridingOptions([HISTORY, DEPTH, RELIABILITY, DURABILITY])
}
