import type { Modality } from './modality.js'
import type { Align } from '../robots/robot.js'

/**
 * What a robot file may declare for a ROS type: the modalities (the first is the default) and the alignment strategies.
 */
interface TypeRule {
  readonly modalities: readonly Modality[]
  readonly strategies: readonly Align['strategy'][]
  /** The message has a header with a stamp. */
  readonly stamped: boolean
  readonly selectable: boolean
  readonly tareable: boolean
}

const sampled = ['interpolate', 'nearest', 'hold', 'asof'] as const
const rule = (
  modalities: readonly Modality[],
  strategies: readonly Align['strategy'][],
  options: Partial<TypeRule> = {},
): TypeRule => ({
  modalities,
  strategies,
  stamped: true,
  selectable: false,
  tareable: false,
  ...options,
})

/** The type of a tool pose, measured or commanded. */
export const POSE_TYPE = 'geometry_msgs/msg/PoseStamped'

const image = rule(['rgb', 'depth'], sampled)

export const STREAM_TYPES: Readonly<Record<string, TypeRule>> = {
  'sensor_msgs/msg/Image': image,
  'sensor_msgs/msg/CompressedImage': image,
  'geometry_msgs/msg/WrenchStamped': rule(['force'], ['window'], { tareable: true }),
  'prehend_interfaces/msg/VoiceEvent': rule(['voice'], ['events']),
  'std_msgs/msg/String': rule(['voice'], ['events'], { stamped: false }),
  [POSE_TYPE]: rule(['proprioception'], sampled),
  'sensor_msgs/msg/JointState': rule(['proprioception'], sampled, { selectable: true }),
}

/** The strategy of a stream whose `align` is left out. */
export const DEFAULT_STRATEGY: Readonly<Record<Modality, Align['strategy']>> = {
  rgb: 'nearest',
  depth: 'interpolate',
  force: 'window',
  voice: 'events',
  proprioception: 'interpolate',
}

/** Whether the messages of a type are pictures, as they are or compressed. */
export function isImageType(type: string): boolean {
  return STREAM_TYPES[type] === image
}
