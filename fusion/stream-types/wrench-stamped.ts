import type { StreamType } from './stream-type.js'

export const wrench: StreamType<{ readonly wrench: Float64Array }> = {
  type: 'geometry_msgs/msg/WrenchStamped',
  kind: 'vector',
  modalities: ['force'],
  names: ['fx', 'fy', 'fz', 'tx', 'ty', 'tz'],
  tareable: true,
  compensable: true,
  values: message => message.wrench,
}
