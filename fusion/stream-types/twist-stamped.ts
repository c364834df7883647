import type { StreamType } from './stream-type.js'

/** Linear (m/s) and angular velocity (rad/s) in the message's frame, measured or commanded. */
export const twist: StreamType<{ readonly twist: Float64Array }> = {
  type: 'geometry_msgs/msg/TwistStamped',
  kind: 'vector',
  modalities: ['proprioception'],
  names: ['vx', 'vy', 'vz', 'wx', 'wy', 'wz'],
  values: message => message.twist,
}
