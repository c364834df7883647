import type { Limits } from '../fusion/robot/robot.js'

/** x, y, z (m) and yaw (rad) of the tool in the base frame, the tool pointing down: rotation Rx(pi) Rz(yaw). */
export interface ToolTarget {
  x: number
  y: number
  z: number
  yaw: number
}

const clamp = (value: number, [low, high]: readonly [number, number]): number => Math.min(high, Math.max(low, value))

/** Smallest signed angle equal to `angle` modulo a turn, rad. */
export function wrapAngle(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle))
}

/** Yaw of a downward-pointing tool's orientation (qx, qy, qz, qw = Rx(pi) Rz(yaw)), rad. */
export function yawOf(pose: Float64Array): number {
  // Rx(pi) Rz(yaw) = (cos(yaw/2), -sin(yaw/2), 0, 0) as (x, y, z, w), up to sign.
  return wrapAngle(-2 * Math.atan2(pose[4], pose[3]))
}

/** Writes the pose (x, y, z, qx, qy, qz, qw) of a target into `pose`. */
export function poseOf(target: ToolTarget, pose: Float64Array): Float64Array {
  pose[0] = target.x
  pose[1] = target.y
  pose[2] = target.z
  pose[3] = Math.cos(target.yaw / 2)
  pose[4] = -Math.sin(target.yaw / 2)
  pose[5] = 0
  pose[6] = 0
  return pose
}

/**
 * Moves a commanded target toward a desired one without ever leaving the workspace or passing the limits of linear speed and yaw rate,
 * whatever is asked for. A desired target with a NaN moves nothing.
 */
export class MotionLimiter {
  readonly target: ToolTarget = { x: 0, y: 0, z: 0, yaw: 0 }
  /** 0 to 1: the share of the limits of linear speed and yaw rate that may be used, from the next step on. */
  scale = 1
  readonly #limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>

  constructor(limits: Pick<Limits, 'workspace' | 'speed' | 'yawRate'>) {
    this.#limits = limits
  }

  /** Sets the commanded target to where the tool is, or comes to rest. */
  place({ x, y, z, yaw }: Readonly<ToolTarget>): void {
    this.target.x = x
    this.target.y = y
    this.target.z = z
    this.target.yaw = yaw
  }

  /** One step of `seconds` straight up toward `z` (m), or none at all. */
  rise(z: number, seconds: number): void {
    const up = clamp(z, this.#limits.workspace.z) - this.target.z
    if (up > 0) this.target.z += Math.min(up, this.#limits.speed * this.scale * seconds)
  }

  /** One step of `seconds`; `downSpeed` (m/s) bounds motion toward smaller z further (in contact). */
  step(desired: Readonly<ToolTarget>, seconds: number, downSpeed: number): void {
    const { workspace } = this.#limits
    const speed = this.#limits.speed * this.scale
    const yawRate = this.#limits.yawRate * this.scale
    const { target } = this
    if (!Number.isFinite(desired.x + desired.y + desired.z + desired.yaw)) return
    const dx = clamp(desired.x, workspace.x) - target.x
    const dy = clamp(desired.y, workspace.y) - target.y
    const dz = Math.max(clamp(desired.z, workspace.z) - target.z, -downSpeed * seconds)
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz)
    const scale = length > speed * seconds ? (speed * seconds) / length : 1
    target.x += dx * scale
    target.y += dy * scale
    target.z += dz * scale
    const turn = wrapAngle(desired.yaw - target.yaw)
    target.yaw = wrapAngle(target.yaw + clamp(turn, [-yawRate * seconds, yawRate * seconds]))
  }
}
