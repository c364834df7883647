import type { JointTrajectory } from '../messages.js'
import type { Codec } from './codec.js'
import { definedCodec } from './defined-codec.js'
import { ascii, headerOf, rosHeader, type RosHeader } from './ros-header.js'
import { SECOND, timeOf, type RosTime } from './ros-time.js'

interface RosJointTrajectory {
  header: RosHeader
  joint_names: readonly string[]
  points: readonly {
    positions: Float64Array
    velocities: Float64Array
    accelerations: Float64Array
    effort: Float64Array
    time_from_start: RosTime
  }[]
}

export const jointTrajectoryCodec: Codec<JointTrajectory> = definedCodec('trajectory_msgs/msg/JointTrajectory', {
  fromRos: (raw: RosJointTrajectory, epochSec): JointTrajectory => ({
    ...headerOf(raw.header, epochSec),
    jointNames: raw.joint_names,
    points: raw.points.map(({ time_from_start: { sec, nanosec }, ...values }) => ({
      ...values,
      timeFromStart: sec * SECOND + nanosec,
    })),
  }),
  toRos: (message, epochSec) => ({
    header: rosHeader(message, epochSec),
    joint_names: message.jointNames.map(ascii),
    points: message.points.map(({ timeFromStart, ...values }) => ({
      ...values,
      time_from_start: timeOf(timeFromStart, 0),
    })),
  }),
})
