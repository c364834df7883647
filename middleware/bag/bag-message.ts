export interface BagTopic {
  readonly name: string
  /** ROS 2 type name, such as `sensor_msgs/msg/Image`. */
  readonly type: string
  readonly count: number
  /** As rosbag2 stores it, YAML; empty when the bag does not say. */
  readonly offeredQos: string
}

/**
 * A topic whose messages are not CDR of ROS 2: JSON, protobuf, ROS 1 and the like. It is told of and left alone: its
 * messages are not given.
 */
export interface ForeignTopic {
  readonly name: string
  readonly type: string
  readonly count: number
  /** Of its messages and, where that is CDR, of its definition: `json`, `cdr (omgidl)`. */
  readonly encoding: string
}

export interface BagMessage {
  readonly topic: string
  readonly type: string
  /**
   * Receive (log) time, whole ns since the bag's epoch; -Infinity or Infinity where it lies days from the others,
   * outside the bag's `start` and `end`: see `written`.
   */
  readonly receive: number
  /** Absolute ns, where `receive` cannot say it. */
  readonly written?: bigint
  /** CDR bytes, encapsulation header included. Never written again. */
  readonly data: Uint8Array
}
