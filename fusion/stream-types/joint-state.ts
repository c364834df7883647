import type { JointValues, StreamType } from './stream-type.js'

export const jointState: StreamType<JointValues> = {
  type: 'sensor_msgs/msg/JointState',
  kind: 'vector',
  modalities: ['proprioception'],
  selectable: true,
  joints: message => message,
}
