import type { TwistStamped } from '../messages.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { headerOf, rosHeader, type RosHeader } from './ros-header.js'

interface Axes {
  x: number
  y: number
  z: number
}

interface RosTwistStamped {
  header: RosHeader
  twist: { linear: Axes; angular: Axes }
}

export const twistCodec: Codec<TwistStamped> = definedCodec('geometry_msgs/msg/TwistStamped', {
  fromRos: ({ header, twist: { linear: v, angular: w } }: RosTwistStamped, epochSec): TwistStamped => ({
    ...headerOf(header, epochSec),
    twist: Float64Array.of(v.x, v.y, v.z, w.x, w.y, w.z),
  }),
  toRos: (message, epochSec) => {
    const [vx = NaN, vy = NaN, vz = NaN, wx = NaN, wy = NaN, wz = NaN] = message.twist
    return {
      header: rosHeader(message, epochSec),
      twist: { linear: { x: vx, y: vy, z: vz }, angular: { x: wx, y: wy, z: wz } },
    }
  },
})
