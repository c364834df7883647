import type { DepthSamples } from './encodings/encoding.js'

/** Two depths belong to different surfaces where they differ by more than this (mm) and by more than EDGE_SHARE. */
export const EDGE_MM = 30
/**
 * Two depths belong to different surfaces where they differ by more than this share of the smaller one and by more than
 * EDGE_MM.
 */
export const EDGE_SHARE = 0.05
const LARGEST = 65535

/**
 * Depth between two frames, pixel by pixel, in whole mm (halves are rounded up); 0 is invalid. A sample is valid when
 * its millimetres lie in (0, 65535]. A sample that is 0, negative, NaN or infinite is invalid.
 *
 * Where both samples are valid and differ by no more than max(30 mm, 5 % of the smaller one), the result is linear
 * between them. Where both are valid and differ by more, the result is the frame nearer in time, the earlier one on a
 * tie (w = 0.5), so that nothing is blended across a depth edge. Where one is valid, the result is that one. Where none
 * is, it is 0.
 *
 * @param a the earlier frame, @param b the later one, of equal length; @param w position between them, 0..1. @param
 * scale millimetres per unit: 1 for 16UC1, 1000 for 32FC1, or what the robot file says.
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

/** `blendDepth` for whole mm. Most steps are small, so their rounded shares come from a table. */
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
 * round(step * w) for steps of -30 to 30 mm. Undefined where a share lies so close to a half that the order of the
 * additions would decide how it is rounded.
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

/** Depth samples in whole mm (halves are rounded up). A sample that is invalid or beyond 65535 mm becomes 0. */
export function toMillimetres(samples: DepthSamples, scale: number): Uint16Array {
  const out = new Uint16Array(samples.length)
  for (let i = 0; i < out.length; i++) {
    const mm = (samples[i] as number) * scale
    out[i] = mm > 0 && mm <= LARGEST ? mm + 0.5 : 0
  }
  return out
}
