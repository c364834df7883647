import type { Limits } from '../../robots/robot.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { distance, type ToolTarget } from './tool-pose.js'

/**
 * s by which an arm may follow its set-point late. The arm of the embedded cell is 0.05 s late: 17 mm and 0.15 rad at
 * full speed.
 */
const LAG = 0.1
/** The further distance (m) and angle (rad) that are allowed: the steady error of an arm and the error of its poses. */
export const STEADY_ERROR = { distance: 0.01, angle: 0.1 } as const

/**
 * Limits the following error: the distance and the angle between set-point and tool. An arm that follows stays within
 * the limits. Where an arm is slowed or blocked, the set-point waits. So the arm has only a short way to go when it is
 * stopped or let go. Allocates nothing.
 */
export class FollowingErrorLimit {
  /** m. */
  readonly distance: number
  /** rad. */
  readonly angle: number

  constructor({ speed, yawRate }: Pick<Limits, 'speed' | 'yawRate'>) {
    this.distance = speed * LAG + STEADY_ERROR.distance
    this.angle = yawRate * LAG + STEADY_ERROR.angle
  }

  /** Whether `target` is within the limits of `tool`. */
  allows(target: Readonly<ToolTarget>, tool: Readonly<ToolTarget>): boolean {
    return distance(target, tool) <= this.distance && Math.abs(wrapAngle(target.yaw - tool.yaw)) <= this.angle
  }

  /**
   * Shortens the step from `before` to `target`: it ends within the limits of `tool`, or no further away than before.
   */
  limitStep(before: Readonly<ToolTarget>, target: ToolTarget, tool: Readonly<ToolTarget>): void {
    const away = distance(before, tool)
    const most = Math.max(this.distance, away)
    if (distance(target, tool) > most) {
      const dx = target.x - before.x
      const dy = target.y - before.y
      const dz = target.z - before.z
      // Solves |before + share·d - tool| = most for the share.
      const square = dx * dx + dy * dy + dz * dz
      const half = dx * (before.x - tool.x) + dy * (before.y - tool.y) + dz * (before.z - tool.z)
      const share = Math.min(
        1,
        Math.max(0, (Math.sqrt(half * half + square * (most * most - away * away)) - half) / square),
      )
      target.x = before.x + dx * share
      target.y = before.y + dy * share
      target.z = before.z + dz * share
    }
    const turned = wrapAngle(target.yaw - tool.yaw)
    const widest = Math.max(this.angle, Math.abs(wrapAngle(before.yaw - tool.yaw)))
    if (Math.abs(turned) > widest) target.yaw = wrapAngle(tool.yaw + Math.sign(turned) * widest)
  }
}
