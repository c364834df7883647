import { matrixOfQuaternion, turnBack } from '../../fusion/compensation/rotation-matrix.js'
import type { RestingPose } from './identify-payload.js'
import { symmetricEigen } from './symmetric-eigen.js'

/**
 * How far the direction of gravity spreads in the tool's frame: the standard deviations of the unit vector along its
 * three principal axes, in ascending order.
 */
export interface Spread {
  readonly deviations: readonly [number, number, number]
}

export function spreadOf(poses: readonly RestingPose[], gravity: readonly [number, number, number]): Spread {
  const length = Math.hypot(...gravity)
  const down = poses.map(({ rotation }) => {
    const out = new Float64Array(3)
    turnBack(matrixOfQuaternion(rotation, 0, new Float64Array(9)), gravity, 0, out)
    return out.map(value => value / length)
  })
  const mean = [0, 1, 2].map(axis => down.reduce((sum, each) => sum + each[axis]!, 0) / down.length)
  const covariance = [0, 1, 2].flatMap(i =>
    [0, 1, 2].map(j => down.reduce((sum, v) => sum + (v[i]! - mean[i]!) * (v[j]! - mean[j]!), 0) / down.length),
  )
  const { values } = symmetricEigen(covariance, 3)
  const deviation = (i: number): number => Math.sqrt(Math.max(0, values[i]!))
  return { deviations: [deviation(0), deviation(1), deviation(2)] }
}

/** The angle of a deviation of the unit vector, in degrees. */
const degrees = (deviation: number): string => `${((Math.asin(Math.min(1, deviation)) * 180) / Math.PI).toFixed(0)}`

/** In words. Two of the three directions must spread. */
export function describeDirections({ deviations: [, second, most] }: Spread): string {
  return most < 0.05
    ? 'gravity comes from the same side of the tool in all of them'
    : `gravity spreads by ${degrees(most)} degrees in the tool (one standard deviation), and across that by ${degrees(second)}`
}
