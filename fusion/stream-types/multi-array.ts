import type { StreamType } from './stream-type.js'

type Numbers = Float32Array | Float64Array
type Message = { readonly data: Numbers; readonly dataOffset: number }

/** The numbers behind the padding at the front (std_msgs/MultiArrayLayout.msg). The first message tells how many. */
export const float64Array: StreamType<Message> = {
  type: 'std_msgs/msg/Float64MultiArray',
  kind: 'vector',
  modalities: ['proprioception'],
  unstamped: true,
  tareable: true,
  values: ({ data, dataOffset }) => (dataOffset === 0 ? data : data.subarray(dataOffset)),
}

export const float32Array: StreamType<Message> = { ...float64Array, type: 'std_msgs/msg/Float32MultiArray' }
