import type { Modality } from '../modality.js'

/** What the samples of a stream are. */
export type Kind = 'frame' | 'vector' | 'event'

/**
 * All that others need to know of a ROS type that a stream may have: the robot file's schema and reference page, the
 * aligner's buffers, and what the intake reads of a message. Adding a type is one file with such a declaration and one
 * line in `registry.ts`. `M` is the message as it travels on a bus (`middleware/messages.ts`): a type without a codec
 * of its own has the fields of its ROS definition, with `stamp` and `frameId` in place of a header.
 */
export type StreamType<M = never> = FrameType | VectorType<M> | EventType<M>

interface Common {
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
  /** The first is the default. */
  readonly modalities: readonly Modality[]
  /** The message has no header with a stamp: it counts with its arrival. */
  readonly unstamped?: boolean
}

/** Pictures, as they are or compressed. */
interface FrameType extends Common {
  readonly kind: 'frame'
}

interface VectorType<M> extends Common {
  readonly kind: 'vector'
  /** Of its values, in their order. Left out: only a selection or the messages tell. */
  readonly names?: readonly string[]
  /** x, y, z, qx, qy, qz, qw: interpolated by slerp, and dropped where the quaternion is none. */
  readonly pose?: boolean
  /** A constant may be taken off it. */
  readonly tareable?: boolean
  /** Its values have names in the message (a JointState), and a robot file may choose among them. */
  readonly selectable?: boolean
  /** The values in a message; one array may be refilled. Left out: they are selected by name. */
  readonly values?: (message: M) => ArrayLike<number>
}

interface EventType<M> extends Common {
  readonly kind: 'event'
  readonly event: (message: M) => { readonly text: string; readonly confidence: number }
}
