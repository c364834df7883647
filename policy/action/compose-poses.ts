/**
 * An offset in the frame of the pose itself: p = p0 + R(q0) d, q = q0 * dq. All are x, y, z (m), qx, qy, qz, qw. Allocates
 * nothing.
 */
export function compose(pose: Float64Array, offset: Float64Array, out: Float64Array): void {
  const x = offset[0]!
  const y = offset[1]!
  const z = offset[2]!
  const qx = pose[3]!
  const qy = pose[4]!
  const qz = pose[5]!
  const qw = pose[6]!
  // R(q) d = d + 2 u x (u x d + w d), with q = (u, w).
  const cx = qy * z - qz * y + qw * x
  const cy = qz * x - qx * z + qw * y
  const cz = qx * y - qy * x + qw * z
  out[0] = pose[0]! + x + 2 * (qy * cz - qz * cy)
  out[1] = pose[1]! + y + 2 * (qz * cx - qx * cz)
  out[2] = pose[2]! + z + 2 * (qx * cy - qy * cx)
  multiply(pose, offset, out)
}

/** An offset along the axes of the pose's parent: p = p0 + d, q = dq * q0. Allocates nothing. */
export function turnInPlace(pose: Float64Array, offset: Float64Array, out: Float64Array): void {
  for (let i = 0; i < 3; i++) out[i] = pose[i]! + offset[i]!
  multiply(offset, pose, out)
}

/** The Hamilton product of the rotations of two poses. */
function multiply(a: Float64Array, b: Float64Array, out: Float64Array): void {
  const ax = a[3]!
  const ay = a[4]!
  const az = a[5]!
  const aw = a[6]!
  const bx = b[3]!
  const by = b[4]!
  const bz = b[5]!
  const bw = b[6]!
  out[3] = aw * bx + ax * bw + ay * bz - az * by
  out[4] = aw * by - ax * bz + ay * bw + az * bx
  out[5] = aw * bz + ax * by - ay * bx + az * bw
  out[6] = aw * bw - ax * bx - ay * by - az * bz
}
