import { LATE } from './late.js'
import { STEADY_ERROR, type FollowingErrorLimit } from './following-error-limit.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { copyTarget, distance, type ToolTarget } from './tool-pose.js'

/**
 * The set-point that was given up when an episode began or a stop ended. The arm may still be on its way there: as long
 * as the tool comes nearer to it or rests, that is our motion. An arm never reaches its set-point exactly, so its
 * nearest point counts. Once the tool moves away from that point, somebody else moves it: it has strayed. Times in ns.
 * Allocates nothing.
 */
export class FormerSetPoint {
  readonly target: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  by: 'none' | 'episode' | 'resume' = 'none'
  readonly #followingError: FollowingErrorLimit
  #at = 0
  #nearest = Infinity
  #nearestTurn = Infinity
  #strayed = false

  constructor(limit: FollowingErrorLimit) {
    this.#followingError = limit
  }

  /** The set-point is given up. It was sent last at `now`. */
  leave(target: Readonly<ToolTarget>, by: 'episode' | 'resume', now: number): void {
    copyTarget(target, this.target)
    this.by = by
    this.#at = now
    this.#strayed = false
  }

  /** Takes a measured pose of the tool. A pose that comes up to 0.3 s after the last sending may be older than that. */
  hear(tool: Readonly<ToolTarget>, receive: number): void {
    if (this.by === 'none') return
    const away = distance(this.target, tool)
    const turned = Math.abs(wrapAngle(this.target.yaw - tool.yaw))
    const late = receive - this.#at < LATE
    this.#nearest = late ? away : Math.min(this.#nearest, away)
    this.#nearestTurn = late ? turned : Math.min(this.#nearestTurn, turned)
    if (away > this.#nearest + STEADY_ERROR.distance || turned > this.#nearestTurn + STEADY_ERROR.angle)
      this.#strayed = true
  }

  /** Whether the tool stands at the former set-point or moves there. */
  has(tool: Readonly<ToolTarget>): boolean {
    return this.by !== 'none' && !this.#strayed && this.#followingError.allows(this.target, tool)
  }
}
