/**
 * How far the length of a quaternion may be from 1: more than any rounding of a driver's, less than what is no
 * rotation.
 */
const UNIT_TOLERANCE = 0.02

/**
 * Whether a pose (x, y, z, qx, qy, qz, qw) has an orientation. A source that knows none often sends the message's
 * default, (0, 0, 0, 0); a quaternion whose length is not about 1 is no rotation either. False for NaN. Allocates
 * nothing.
 */
export function hasRotation(pose: ArrayLike<number>): boolean {
  let square = 0
  for (let i = 3; i < 7; i++) square += (pose[i] as number) * (pose[i] as number)
  return Math.abs(Math.sqrt(square) - 1) <= UNIT_TOLERANCE
}

/** Whether a vector is a pose: seven finite numbers, with an orientation. */
export function isPose(values: ArrayLike<number>): boolean {
  for (let i = 0; i < 7; i++) if (!Number.isFinite(values[i])) return false
  return values.length === 7 && hasRotation(values)
}
