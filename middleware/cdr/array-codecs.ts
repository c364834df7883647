import type { MultiArray } from '../messages.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { ascii } from './ros-header.js'

interface RosMultiArray<Numbers> {
  layout: { dim: readonly { label: string; size: number; stride: number }[]; data_offset: number }
  data: Numbers
}

const arrayCodec = <Numbers extends Float32Array | Float64Array>(type: string): Codec<MultiArray<Numbers>> =>
  definedCodec(type, {
    fromRos: ({ layout, data }: RosMultiArray<Numbers>): MultiArray<Numbers> => ({
      dimensions: layout.dim,
      dataOffset: layout.data_offset,
      data,
    }),
    toRos: ({ dimensions, dataOffset, data }) => ({
      layout: { dim: dimensions.map(each => ({ ...each, label: ascii(each.label) })), data_offset: dataOffset },
      data,
    }),
  })

export const float64ArrayCodec = arrayCodec<Float64Array>('std_msgs/msg/Float64MultiArray')
export const float32ArrayCodec = arrayCodec<Float32Array>('std_msgs/msg/Float32MultiArray')
