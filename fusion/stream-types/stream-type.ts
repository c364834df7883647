import type { Modality } from '../modality.js'

/** What the samples of a stream are. */
export type Kind = 'frame' | 'vector' | 'event'

/**
 * All that the rest of the program needs to know of a ROS type that a stream may have: for the robot file its schema
 * and its reference page; for the aligner its buffers; for the intake how a message is read. A new type is one file
 * with such a declaration and one line in `stream-types.ts`. `M` is the message as it travels on a bus
 * (`middleware/messages.ts`). A type without a codec of its own has the fields of its ROS definition, with `stamp` and
 * `frameId` in place of a header.
 */
export type StreamType<M = never> = FrameType | VectorType<M> | EventType<M>

interface Common {
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
  /** The first one is the default. */
  readonly modalities: readonly Modality[]
  /** The message has no header with a stamp, so its receive time counts. */
  readonly unstamped?: boolean
}

/** Pictures, raw or compressed. */
interface FrameType extends Common {
  readonly kind: 'frame'
}

export interface VectorType<M> extends Common {
  readonly kind: 'vector'
  /** Names of its values, in order. Left out: only a selection or the messages tell them. */
  readonly names?: readonly string[]
  /**
   * The values are x, y, z, qx, qy, qz, qw. They are interpolated by slerp. A sample without an orientation is dropped.
   */
  readonly pose?: boolean
  /** A constant offset may be subtracted (`tare`). */
  readonly tareable?: boolean
  /** The values are a wrench (fx, fy, fz, tx, ty, tz), so bias and weight may be taken out (`compensate`). */
  readonly compensable?: boolean
  /** Its values have names in the message (a JointState), so a robot file may select some. */
  readonly selectable?: boolean
  /** Reads the named values of a message whose values are selected by name. */
  readonly joints?: (message: M) => JointValues
  /** Reads the values of a message. The same array may be returned again. Left out: the values are selected by name. */
  readonly values?: (message: M) => ArrayLike<number>
}

/** Values of joints by name, as sensor_msgs/JointState has them: rad or m, and their rates, torques and forces. */
export interface JointValues {
  readonly stamp: number
  readonly name: readonly string[]
  readonly position: Float64Array
  readonly velocity: Float64Array
  readonly effort: Float64Array
}

interface EventType<M> extends Common {
  readonly kind: 'event'
  readonly event: (message: M) => { readonly text: string; readonly confidence: number }
}
