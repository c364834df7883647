const bits = new Uint32Array(1)
const number = new Float32Array(bits.buffer)

/**
 * Writes the nearest float16 of each value to `to` from `offset` on, as IEEE 754 bits. Of two that are equally near it
 * takes the even one. Larger values than 65504 become infinite (from 65520 on).
 */
export function toFloat16(from: ArrayLike<number>, to: Uint16Array, offset = 0): void {
  for (let i = 0; i < from.length; i++) {
    number[0] = from[i]!
    to[offset + i] = half(bits[0]!)
  }
}

/** Writes the value of each float16 to `to`. Exact. */
export function fromFloat16(from: Uint16Array, to: Float32Array): void {
  for (let i = 0; i < from.length; i++) to[i] = single(from[i]!)
}

/** The float16 of the float32 with these bits. */
function half(single: number): number {
  const sign = (single >>> 16) & 0x8000
  const rest = single & 0x7fffffff
  // A NaN keeps its upper bits, as numpy does, and stays one.
  if (rest > 0x7f800000) return sign | 0x7c00 | (rest >>> 13) | ((rest >>> 13) & 0x3ff ? 0 : 1)
  if (rest >= 0x47800000) return sign | 0x7c00
  // From 2^-14 on the number is normal: the exponent's bias changes from 127 to 15, and 13 bits are rounded away.
  if (rest >= 0x38800000) return sign | rounded(rest - 0x38000000, 13)
  if (rest < 0x33000000) return sign
  // Below, the leading 1 is written out, and the exponent says how many bits are rounded away.
  return sign | rounded((rest & 0x7fffff) | 0x800000, 126 - (rest >>> 23))
}

/** `bits` / 2^`places`, rounded to the nearest whole number; of two, to the even one. */
function rounded(bits: number, places: number): number {
  const kept = bits >>> places
  const lost = bits & ((1 << places) - 1)
  const middle = 1 << (places - 1)
  return lost > middle || (lost === middle && (kept & 1) === 1) ? kept + 1 : kept
}

function single(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
