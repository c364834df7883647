import { LATE } from './late.js'
import { NEAR, type Leash } from './leash.js'
import { copyTarget, distance, wrapAngle, type ToolTarget } from './tool-pose.js'

/**
 * The set-point that was ours when an episode or a word ended that. The arm may still go there, and stays there: as
 * near as it comes, for no arm is quite where it was sent. It has strayed where it goes away from there again: somebody
 * else moves it. Times in ns. Allocates nothing.
 */
export class LeftSetPoint {
  readonly target: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  by: 'nobody' | 'episode' | 'word' = 'nobody'
  readonly #leash: Leash
  #at = 0
  #nearest = Infinity
  #nearestTurn = Infinity
  #strayed = false

  constructor(leash: Leash) {
    this.#leash = leash
  }

  /** It was sent last at `now`. */
  leave(target: Readonly<ToolTarget>, by: 'episode' | 'word', now: number): void {
    copyTarget(target, this.target)
    this.by = by
    this.#at = now
    this.#strayed = false
  }

  /** A measured pose of the tool. Those that come up to 0.3 s later may be from before. */
  hear(tool: Readonly<ToolTarget>, receive: number): void {
    if (this.by === 'nobody') return
    const away = distance(this.target, tool)
    const turned = Math.abs(wrapAngle(this.target.yaw - tool.yaw))
    const late = receive - this.#at < LATE
    this.#nearest = late ? away : Math.min(this.#nearest, away)
    this.#nearestTurn = late ? turned : Math.min(this.#nearestTurn, turned)
    if (away > this.#nearest + NEAR.way || turned > this.#nearestTurn + NEAR.turn) this.#strayed = true
  }

  /** Whether the tool stands there or goes there. */
  has(tool: Readonly<ToolTarget>): boolean {
    return this.by !== 'nobody' && !this.#strayed && this.#leash.reaches(this.target, tool)
  }
}
