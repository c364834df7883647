import type { Imu } from '../messages.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { headerOf, rosHeader, type RosHeader } from './ros-header.js'

interface Axes {
  x: number
  y: number
  z: number
}

interface RosImu {
  header: RosHeader
  orientation: Axes & { w: number }
  orientation_covariance: Float64Array
  angular_velocity: Axes
  angular_velocity_covariance: Float64Array
  linear_acceleration: Axes
  linear_acceleration_covariance: Float64Array
}

const axesOf = ([x = NaN, y = NaN, z = NaN]: Float64Array): Axes => ({ x, y, z })

export const imuCodec: Codec<Imu> = definedCodec('sensor_msgs/msg/Imu', {
  fromRos: (raw: RosImu, epochSec): Imu => {
    const { orientation: q, angular_velocity: w, linear_acceleration: a } = raw
    return {
      ...headerOf(raw.header, epochSec),
      orientation: Float64Array.of(q.x, q.y, q.z, q.w),
      orientationCovariance: raw.orientation_covariance,
      angularVelocity: Float64Array.of(w.x, w.y, w.z),
      angularVelocityCovariance: raw.angular_velocity_covariance,
      linearAcceleration: Float64Array.of(a.x, a.y, a.z),
      linearAccelerationCovariance: raw.linear_acceleration_covariance,
    }
  },
  toRos: (message, epochSec) => ({
    header: rosHeader(message, epochSec),
    orientation: { ...axesOf(message.orientation), w: message.orientation[3] ?? NaN },
    orientation_covariance: message.orientationCovariance,
    angular_velocity: axesOf(message.angularVelocity),
    angular_velocity_covariance: message.angularVelocityCovariance,
    linear_acceleration: axesOf(message.linearAcceleration),
    linear_acceleration_covariance: message.linearAccelerationCovariance,
  }),
})
