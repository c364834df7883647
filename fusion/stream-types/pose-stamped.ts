import type { StreamType } from './stream-type.js'

/** The type of a tool pose, measured or commanded. */
export const POSE_TYPE = 'geometry_msgs/msg/PoseStamped'

export const pose: StreamType<{ readonly pose: Float64Array }> = {
  type: POSE_TYPE,
  kind: 'vector',
  modalities: ['proprioception'],
  names: ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'],
  pose: true,
  values: message => message.pose,
}
