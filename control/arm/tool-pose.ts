import { wrapAngle } from '../../fusion/rotation.js'

/** x, y, z (m) and yaw (rad) of the tool in the base frame, the tool pointing down: rotation Rx(pi) Rz(yaw). */
export interface ToolTarget {
  x: number
  y: number
  z: number
  yaw: number
}

/**
 * The rest of an orientation after `Rx(pi) Rz(yaw)`: the quaternion (x, y, 0, sqrt(1 - x² - y²)). It is zero for a tool
 * that points straight down.
 */
export interface Tilt {
  x: number
  y: number
}

const UPRIGHT: Readonly<Tilt> = { x: 0, y: 0 }

/**
 * The yaw (rad) of a tool that points down, qx, qy, qz, qw = Rx(pi) Rz(yaw). For a tilted tool: the yaw of the nearest
 * such orientation.
 */
export function yawOf(pose: Float64Array): number {
  // Rx(pi) Rz(yaw) = (cos(yaw/2), -sin(yaw/2), 0, 0) as (x, y, z, w), up to sign.
  return wrapAngle(-2 * Math.atan2(pose[4]!, pose[3]!))
}

/** The angle between the tool's z axis and straight down, 0 to pi rad. */
export function tiltAngle(pose: Float64Array): number {
  return 2 * Math.atan2(Math.hypot(pose[5]!, pose[6]!), Math.hypot(pose[3]!, pose[4]!))
}

/** Writes the tilt of a pose to `tilt` and returns it. `poseOf` restores the orientation from it and `yawOf`. */
export function tiltOf(pose: Float64Array, tilt: Tilt): Tilt {
  const half = yawOf(pose) / 2
  const c = Math.cos(half)
  const s = Math.sin(half)
  // The same rotation with the sign that `poseOf` gives it.
  const sign = c * pose[3]! - s * pose[4]! < 0 ? -1 : 1
  tilt.x = sign * (s * pose[5]! - c * pose[6]!)
  tilt.y = sign * (c * pose[5]! + s * pose[6]!)
  return tilt
}

/** Writes the pose (x, y, z in m, qx, qy, qz, qw) of a target to `pose` and returns it. */
export function poseOf(target: Readonly<ToolTarget>, pose: Float64Array, tilt: Readonly<Tilt> = UPRIGHT): Float64Array {
  const c = Math.cos(target.yaw / 2)
  const s = Math.sin(target.yaw / 2)
  const w = Math.sqrt(Math.max(0, 1 - tilt.x * tilt.x - tilt.y * tilt.y))
  pose[0] = target.x
  pose[1] = target.y
  pose[2] = target.z
  pose[3] = c * w
  pose[4] = -s * w
  pose[5] = c * tilt.y + s * tilt.x
  pose[6] = s * tilt.y - c * tilt.x
  return pose
}

export function copyTarget({ x, y, z, yaw }: Readonly<ToolTarget>, to: ToolTarget): void {
  to.x = x
  to.y = y
  to.z = z
  to.yaw = yaw
}

/** The distance of two positions, m. */
export function distance(a: Readonly<ToolTarget>, b: Readonly<ToolTarget>): number {
  return Math.sqrt((a.x - b.x) ** 2 + (a.y - b.y) ** 2 + (a.z - b.z) ** 2)
}
