import type { StreamType } from './stream-type.js'

export const image: StreamType = { type: 'sensor_msgs/msg/Image', kind: 'frame', modalities: ['rgb', 'depth'] }

export const compressedImage: StreamType = { ...image, type: 'sensor_msgs/msg/CompressedImage' }
