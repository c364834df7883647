import type { Limits } from '../../robots/robot.js'
import { wrapAngle } from '../../fusion/rotation.js'
import { copyTarget, type ToolTarget } from './tool-pose.js'

/** Most time that one step may use (ns), however late it comes. */
export const STEP = 10_000_000

const clamp = (value: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, value))

/**
 * Moves a commanded target toward a desired one. The target never leaves the workspace and never exceeds the limits of
 * linear speed and yaw rate, whatever is desired and however often. A step goes as far as the limits allow in the time
 * since the target was last stepped or sent, and at most as far as in 10 ms. A desired target with a NaN moves nothing.
 * Times in ns.
 */
export class MotionLimiter {
  readonly target: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** 0 to 1: the share of the limits of linear speed and yaw rate that a step may use, from the next step on. */
  scale = 1
  readonly #limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>
  #since = -Infinity

  constructor(limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>) {
    this.#limits = limits
  }

  /** Begins anew at `target`, where the tool is or comes to rest. */
  place(target: Readonly<ToolTarget>): void {
    copyTarget(target, this.target)
    this.#since = -Infinity
  }

  /** The target was sent unchanged at `now`. */
  sent(now: number): void {
    this.#since = now
  }

  /** One step straight up toward `z` (m), away from an obstacle, at full speed. Nothing where `z` is below. */
  rise(z: number, now: number): void {
    const seconds = this.#seconds(now)
    const up = clamp(z, this.#limits.workspace.z) - this.target.z
    if (up > 0) this.target.z += Math.min(up, this.#limits.speed * seconds)
  }

  /** One step. `downSpeed` (m/s) further limits motion toward smaller z. */
  step(desired: Readonly<ToolTarget>, now: number, downSpeed: number, scale = this.scale): void {
    const seconds = this.#seconds(now)
    const { workspace } = this.#limits
    const speed = this.#limits.speed * scale
    const yawRate = this.#limits.yawRate * scale
    const { target } = this
    if (seconds === 0 || !Number.isFinite(desired.x + desired.y + desired.z + desired.yaw)) return
    const dx = clamp(desired.x, workspace.x) - target.x
    const dy = clamp(desired.y, workspace.y) - target.y
    const dz = Math.max(clamp(desired.z, workspace.z) - target.z, -downSpeed * seconds)
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz)
    const share = length > speed * seconds ? (speed * seconds) / length : 1
    target.x += dx * share
    target.y += dy * share
    target.z += dz * share
    const turn = wrapAngle(desired.yaw - target.yaw)
    target.yaw = wrapAngle(target.yaw + clamp(turn, [-yawRate * seconds, yawRate * seconds]))
  }

  /** Whether the target has reached the place where steps toward `desired` end. */
  isAt(desired: Readonly<ToolTarget>): boolean {
    const { workspace } = this.#limits
    const { target } = this
    const away =
      Math.abs(clamp(desired.x, workspace.x) - target.x) +
      Math.abs(clamp(desired.y, workspace.y) - target.y) +
      Math.abs(clamp(desired.z, workspace.z) - target.z)
    return away + Math.abs(wrapAngle(desired.yaw - target.yaw)) < 1e-9
  }

  /** The time that the step at `now` may use, s. It is 0 where the clock went back. */
  #seconds(now: number): number {
    const elapsed = now - this.#since
    this.#since = now
    return Math.min(STEP, Math.max(0, elapsed)) / 1e9
  }
}
