import type { StreamType } from './stream-type.js'

const values = new Float64Array(6)

/**
 * Angular velocity (rad/s) and linear acceleration (m/s²). A source that does not measure one of them says so with -1 as
 * the first number of its covariance (sensor_msgs/Imu.msg). Such a sample is dropped as `nan`.
 */
export const imu: StreamType<{
  readonly angularVelocity: Float64Array
  readonly angularVelocityCovariance: Float64Array
  readonly linearAcceleration: Float64Array
  readonly linearAccelerationCovariance: Float64Array
}> = {
  type: 'sensor_msgs/msg/Imu',
  kind: 'vector',
  modalities: ['proprioception'],
  names: ['wx', 'wy', 'wz', 'ax', 'ay', 'az'],
  values: message => {
    const isMeasured = message.angularVelocityCovariance[0] !== -1 && message.linearAccelerationCovariance[0] !== -1
    if (!isMeasured) return values.fill(NaN)
    values.set(message.angularVelocity)
    values.set(message.linearAcceleration, 3)
    return values
  },
}
