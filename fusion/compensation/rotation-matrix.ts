type Triple = readonly [number, number, number]

/** Turns x, y, z at `from` by a row-major 3 x 3 matrix, into `out` from index `at` on. Allocates nothing. */
export function turn(m: ArrayLike<number>, from: ArrayLike<number>, offset: number, out: Float64Array, at = 0): void {
  const x = from[offset] as number
  const y = from[offset + 1] as number
  const z = from[offset + 2] as number
  for (let i = 0; i < 3; i++)
    out[at + i] = (m[3 * i] as number) * x + (m[3 * i + 1] as number) * y + (m[3 * i + 2] as number) * z
}

/** The same with the transposed matrix, which turns the other way. */
export function turnBack(
  m: ArrayLike<number>,
  from: ArrayLike<number>,
  offset: number,
  out: Float64Array,
  at = 0,
): void {
  const x = from[offset] as number
  const y = from[offset + 1] as number
  const z = from[offset + 2] as number
  for (let i = 0; i < 3; i++) out[at + i] = (m[i] as number) * x + (m[3 + i] as number) * y + (m[6 + i] as number) * z
}

/** The rotation of a quaternion x, y, z, w at `q[offset]`, whose length need not be 1. Allocates nothing. */
export function matrixOfQuaternion(q: ArrayLike<number>, offset: number, out: Float64Array): Float64Array {
  const x = q[offset] as number
  const y = q[offset + 1] as number
  const z = q[offset + 2] as number
  const w = q[offset + 3] as number
  const s = 2 / (x * x + y * y + z * z + w * w)
  out[0] = 1 - s * (y * y + z * z)
  out[1] = s * (x * y - z * w)
  out[2] = s * (x * z + y * w)
  out[3] = s * (x * y + z * w)
  out[4] = 1 - s * (x * x + z * z)
  out[5] = s * (y * z - x * w)
  out[6] = s * (x * z - y * w)
  out[7] = s * (y * z + x * w)
  out[8] = 1 - s * (x * x + y * y)
  return out
}

/** The rotation of roll, pitch and yaw (rad) as URDF has them: Rz(yaw) Ry(pitch) Rx(roll), row-major. */
export function matrixOfRpy([roll, pitch, yaw]: Triple): Float64Array {
  const [cr, sr] = [Math.cos(roll), Math.sin(roll)]
  const [cp, sp] = [Math.cos(pitch), Math.sin(pitch)]
  const [cy, sy] = [Math.cos(yaw), Math.sin(yaw)]
  return Float64Array.of(
    cy * cp,
    cy * sp * sr - sy * cr,
    cy * sp * cr + sy * sr,
    sy * cp,
    sy * sp * sr + cy * cr,
    sy * sp * cr - cy * sr,
    -sp,
    cp * sr,
    cp * cr,
  )
}

/** Roll, pitch and yaw (rad) of a rotation: the inverse of `matrixOfRpy`. Where pitch is ±90°, roll is 0. */
export function rpyOfMatrix(m: ArrayLike<number>): [number, number, number] {
  const at = (i: number): number => m[i] as number
  const cosine = Math.hypot(at(0), at(3))
  const pitch = Math.atan2(-at(6), cosine)
  if (cosine > 1e-9) return [Math.atan2(at(7), at(8)), pitch, Math.atan2(at(3), at(0))]
  return [0, pitch, Math.atan2(-at(1), at(4))]
}

/** The product a b of two row-major 3 x 3 matrices. */
export function product(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const out = new Float64Array(9)
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++)
      for (let k = 0; k < 3; k++) out[3 * i + j]! += (a[3 * i + k] as number) * (b[3 * k + j] as number)
  return out
}
