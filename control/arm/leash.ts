import type { Limits } from '../../robots/robot.js'
import { distance, wrapAngle, type ToolTarget } from './tool-pose.js'

/**
 * s that an arm may be behind its set-point. The embedded cell's is 0.05 s behind: 17 mm and 0.15 rad at full speed.
 */
const LAG = 0.1
/** m and rad that it may be away beyond that: its steady error, and that of its poses. */
export const NEAR = { way: 0.01, turn: 0.1 } as const

/**
 * How far a set-point may be from the tool. An arm that follows is nearer; for one that does not, slowed or blocked,
 * the set-point waits, so that it has no long way to go when it is told to stop, or when it is let go. Allocates
 * nothing.
 */
export class Leash {
  /** m. */
  readonly way: number
  /** rad. */
  readonly turn: number

  constructor({ speed, yawRate }: Pick<Limits, 'speed' | 'yawRate'>) {
    this.way = speed * LAG + NEAR.way
    this.turn = yawRate * LAG + NEAR.turn
  }

  /** Whether `target` is within it of the tool. */
  reaches(target: Readonly<ToolTarget>, tool: Readonly<ToolTarget>): boolean {
    return distance(target, tool) <= this.way && Math.abs(wrapAngle(target.yaw - tool.yaw)) <= this.turn
  }

  /** Shortens the step from `before` to `target` to what stays within it of the tool, or gets no further away. */
  hold(before: Readonly<ToolTarget>, target: ToolTarget, tool: Readonly<ToolTarget>): void {
    const away = distance(before, tool)
    const most = Math.max(this.way, away)
    if (distance(target, tool) > most) {
      const dx = target.x - before.x
      const dy = target.y - before.y
      const dz = target.z - before.z
      // |before + share·d - tool| = most
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
    const widest = Math.max(this.turn, Math.abs(wrapAngle(before.yaw - tool.yaw)))
    if (Math.abs(turned) > widest) target.yaw = wrapAngle(tool.yaw + Math.sign(turned) * widest)
  }
}
