import type { StreamType } from './stream-type.js'

export const jointState: StreamType = {
  type: 'sensor_msgs/msg/JointState',
  kind: 'vector',
  modalities: ['proprioception'],
  selectable: true,
}
