import { JOINTS } from './arm.js'
import { RANGES } from './cell-xml.js'

/**
 * rad by which a set-point may lead the joint: the arm's, and the gripper's. It bounds the torque that a blocked joint
 * builds up.
 */
const LEAD = [0.35, 0.35, 0.35, 0.35, 0.35, 0.16] as const

/** The joints' set-points, moved on by rates. Angles in rad, in the order of JOINTS. */
export class SetPoints {
  readonly values = new Float64Array(JOINTS.length)

  /** Starts at the joints' angles. */
  reset(joints: ArrayLike<number>): void {
    for (let i = 0; i < this.values.length; i++) this.values[i] = joints[i] ?? 0
  }

  /** Moves on by `dt` s. The set-points stay within the ranges and near the joints' true angles. */
  advance(rates: ArrayLike<number>, joints: ArrayLike<number>, dt: number): void {
    for (let i = 0; i < this.values.length; i++) {
      const lead = LEAD[i] ?? 0
      const next = this.values[i]! + (rates[i] ?? 0) * dt
      const near = Math.min(Math.max(next, (joints[i] ?? 0) - lead), (joints[i] ?? 0) + lead)
      this.values[i] = Math.min(Math.max(near, RANGES.low[i]!), RANGES.high[i]!)
    }
  }
}
