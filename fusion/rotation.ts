/** The length of a quaternion may differ from 1 by this much. That is more than the rounding of any driver. */
const UNIT_TOLERANCE = 0.02

/**
 * Whether a pose (x, y, z, qx, qy, qz, qw) has an orientation: its quaternion has a length of about 1. A source without
 * an orientation often sends the default of the message, (0, 0, 0, 0). False for NaN. Allocates nothing.
 */
export function hasRotation(pose: ArrayLike<number>): boolean {
  let square = 0
  for (let i = 3; i < 7; i++) square += (pose[i] as number) * (pose[i] as number)
  return Math.abs(Math.sqrt(square) - 1) <= UNIT_TOLERANCE
}

/** Whether a vector is a pose (x, y, z, qx, qy, qz, qw): seven finite numbers with an orientation. */
export function isPose(values: ArrayLike<number>): boolean {
  for (let i = 0; i < 7; i++) if (!Number.isFinite(values[i])) return false
  return values.length === 7 && hasRotation(values)
}

/** The signed angle in [-pi, pi] that equals `angle` modulo a full turn, rad. */
export function wrapAngle(angle: number): number {
  return Math.atan2(Math.sin(angle), Math.cos(angle))
}
