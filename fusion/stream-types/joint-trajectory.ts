import type { JointValues, StreamType } from './stream-type.js'

type Numbers = Float64Array

interface Trajectory {
  readonly stamp: number
  readonly jointNames: readonly string[]
  readonly points: readonly {
    readonly positions: Numbers
    readonly velocities: Numbers
    readonly effort: Numbers
  }[]
}

const NONE = new Float64Array(0)

/**
 * Where a trajectory leads to: the values of its last point. Its stamp says when the motion begins, and 0 means at once,
 * so the receive time counts. A trajectory without points, which stops a controller, is dropped as `bad_joints`.
 */
export const jointTrajectory: StreamType<Trajectory> = {
  type: 'trajectory_msgs/msg/JointTrajectory',
  kind: 'vector',
  modalities: ['proprioception'],
  unstamped: true,
  selectable: true,
  joints: ({ stamp, jointNames, points }): JointValues => {
    const last = points.at(-1)
    return {
      stamp,
      name: jointNames,
      position: last?.positions ?? NONE,
      velocity: last?.velocities ?? NONE,
      effort: last?.effort ?? NONE,
    }
  },
}
