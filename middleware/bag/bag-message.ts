/** A topic of a recording. */
export interface BagTopic {
  readonly name: string
  /** ROS 2 type name, such as `sensor_msgs/msg/Image`. */
  readonly type: string
  readonly count: number
  /** The publishers' QoS profiles as rosbag2 stores them (YAML); empty when the bag has none. */
  readonly offeredQos: string
}

/**
 * A topic whose messages are not ROS 2 CDR: JSON, protobuf, ROS 1 and others. It is listed, but its messages are not
 * read.
 */
export interface ForeignTopic {
  readonly name: string
  readonly type: string
  readonly count: number
  /** Encoding of its messages, for CDR with the encoding of its definition: `json`, `cdr (omgidl)`. */
  readonly encoding: string
}

/** A recorded message, its data still in CDR. */
export interface BagMessage {
  readonly topic: string
  readonly type: string
  /**
   * Receive (log) time in whole ns since the bag's epoch. It is -Infinity or Infinity when the time lies days away from
   * the other messages, outside the bag's `start` and `end`; `written` then has the time.
   */
  readonly receive: number
  /** Absolute ns; set when `receive` is infinite. */
  readonly written?: bigint
  /** CDR bytes with the encapsulation header. They never change. */
  readonly data: Uint8Array
}
