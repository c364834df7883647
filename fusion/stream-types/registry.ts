import type { Modality } from '../modality.js'
import type { StrategyName } from '../align/align.js'

/** What a robot file may declare for a ROS type. */
interface TypeRule {
  /** The first is the default. */
  readonly modalities: readonly Modality[]
  /** The message has a header with a stamp. */
  readonly stamped: boolean
  readonly selectable: boolean
  readonly tareable: boolean
}

const rule = (modalities: readonly Modality[], options: Partial<TypeRule> = {}): TypeRule => ({
  modalities,
  stamped: true,
  selectable: false,
  tareable: false,
  ...options,
})

/** The type of a tool pose, measured or commanded. */
export const POSE_TYPE = 'geometry_msgs/msg/PoseStamped'

const image = rule(['rgb', 'depth'])

export const STREAM_TYPES: Readonly<Record<string, TypeRule>> = {
  'sensor_msgs/msg/Image': image,
  'sensor_msgs/msg/CompressedImage': image,
  'geometry_msgs/msg/WrenchStamped': rule(['force'], { tareable: true }),
  'prehend_interfaces/msg/VoiceEvent': rule(['voice']),
  'std_msgs/msg/String': rule(['voice'], { stamped: false }),
  [POSE_TYPE]: rule(['proprioception']),
  'sensor_msgs/msg/JointState': rule(['proprioception'], { selectable: true }),
}

/** The strategy of a stream whose `align` is left out. */
export const DEFAULT_STRATEGY: Readonly<Record<Modality, StrategyName>> = {
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
