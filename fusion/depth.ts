import type { DepthSamples } from './encodings/encoding.js'

/** Millimetres above which two depths are taken for two surfaces, at least. */
export const EDGE_MM = 30
/** Share of the smaller of the two depths above which they are taken for two surfaces, at least. */
export const EDGE_SHARE = 0.05
const LARGEST = 65535

/**
 * Depth between two frames, pixel by pixel, in whole mm (halves up), 0 invalid. A sample is valid when its millimetres
 * lie in (0, 65535]; 0, negative, NaN and infinite ones are not.
 *
 * Both valid and apart by no more than max(30 mm, 5 % of the smaller one): linear. Both valid and further apart: the
 * frame nearer in time, on a tie (w = 0.5) the earlier, so that nothing is blended across a depth edge. One valid: that
 * one. None: 0.
 *
 * @param a the earlier frame, @param b the later one, of equal length; @param w where between them, 0..1.
 * @param scale millimetres a unit: 1 for 16UC1, 1000 for 32FC1, or what the robot file says.
 */
export function blendDepth(a: DepthSamples, b: DepthSamples, w: number, scale: number): Uint16Array {
  if (a instanceof Uint16Array && b instanceof Uint16Array && scale === 1) {
    const rounded = roundedSteps(w)
    if (rounded !== undefined) return blendMillimetres(a, b, w, rounded)
  }
  const out = new Uint16Array(a.length)
  const later = w > 0.5
  for (let i = 0; i < out.length; i++) {
    const from = (a[i] as number) * scale
    const to = (b[i] as number) * scale
    const fromValid = from > 0 && from <= LARGEST
    const toValid = to > 0 && to <= LARGEST
    let mm = 0
    if (fromValid && toValid) {
      const step = to - from
      const apart = step < 0 ? -step : step
      if (apart <= EDGE_MM || apart <= EDGE_SHARE * (step < 0 ? to : from)) mm = from + step * w
      else mm = later ? to : from
    } else if (fromValid) mm = from
    else if (toValid) mm = to
    out[i] = mm + 0.5
  }
  return out
}

/** The same for whole mm, where most steps are small: their rounded shares come from a table. */
function blendMillimetres(a: Uint16Array, b: Uint16Array, w: number, rounded: Int32Array): Uint16Array {
  const out = new Uint16Array(a.length)
  const later = w > 0.5
  for (let i = 0; i < out.length; i++) {
    const from = a[i] as number
    const to = b[i] as number
    if (from !== 0 && to !== 0) {
      const step = to - from
      const place = step + EDGE_MM
      if (place >= 0 && place <= 2 * EDGE_MM) out[i] = from + (rounded[place] as number)
      else if ((step < 0 ? -step : step) <= EDGE_SHARE * (step < 0 ? to : from)) out[i] = from + step * w + 0.5
      else out[i] = later ? to : from
    } else out[i] = from | to
  }
  return out
}

/**
 * round(step * w) for steps of -30 to 30 mm; undefined when one lies so close to a half that where it is added decides
 * how it rounds.
 */
function roundedSteps(w: number): Int32Array | undefined {
  const out = new Int32Array(2 * EDGE_MM + 1)
  for (let i = 0; i < out.length; i++) {
    const share = (i - EDGE_MM) * w
    const toHalf = Math.abs(share - Math.floor(share) - 0.5)
    if (toHalf > 0 && toHalf < 1e-9) return undefined
    out[i] = Math.round(share)
  }
  return out
}

/** Depth samples in whole mm (halves up); invalid ones, and those beyond 65535 mm, are 0. */
export function toMillimetres(samples: DepthSamples, scale: number): Uint16Array {
  const out = new Uint16Array(samples.length)
  for (let i = 0; i < out.length; i++) {
    const mm = (samples[i] as number) * scale
    out[i] = mm > 0 && mm <= LARGEST ? mm + 0.5 : 0
  }
  return out
}
