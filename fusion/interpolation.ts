/**
 * Linear interpolation of two vectors of equal length, `a` at w = 0 and `b` at w = 1. Writes to `out` and returns it.
 */
export function lerp(a: Float64Array, b: Float64Array, w: number, out: Float64Array): Float64Array {
  for (let i = 0; i < out.length; i++) {
    const from = a[i] as number
    out[i] = from + ((b[i] as number) - from) * w
  }
  return out
}

/**
 * Interpolates two poses (x, y, z in m, qx, qy, qz, qw): the position linearly, the orientation by slerp along the
 * shorter arc (Shoemake 1985). The quaternion of the result is normalised and has the sign of `a`'s. Writes to `out`
 * and returns it.
 */
export function interpolatePose(a: Float64Array, b: Float64Array, w: number, out: Float64Array): Float64Array {
  for (let i = 0; i < 3; i++) {
    const from = a[i] as number
    out[i] = from + ((b[i] as number) - from) * w
  }
  const lengths = Math.sqrt(dot4(a, a) * dot4(b, b))
  let cosine = lengths > 0 ? dot4(a, b) / lengths : 1
  const sign = cosine < 0 ? -1 : 1
  cosine = Math.min(1, Math.abs(cosine))
  const angle = Math.acos(cosine)
  const sine = Math.sin(angle)
  // For nearly parallel quaternions, chord and arc are the same to machine precision.
  const from = sine < 1e-6 ? 1 - w : Math.sin((1 - w) * angle) / sine
  const to = sign * (sine < 1e-6 ? w : Math.sin(w * angle) / sine)
  const scaleA = 1 / (Math.sqrt(dot4(a, a)) || 1)
  const scaleB = 1 / (Math.sqrt(dot4(b, b)) || 1)
  for (let i = 3; i < 7; i++) out[i] = (a[i] as number) * scaleA * from + (b[i] as number) * scaleB * to
  const length = Math.sqrt(dot4(out, out))
  if (length > 0) for (let i = 3; i < 7; i++) out[i] = (out[i] as number) / length
  return out
}

function dot4(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 3; i < 7; i++) sum += (a[i] as number) * (b[i] as number)
  return sum
}
