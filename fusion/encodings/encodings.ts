import { bayer } from './bayer.js'
import { bytes, words } from './colour.js'
import type { Encoding } from './encoding.js'
import { f32, f64, i16, u16, WHOLE } from './samples.js'
import { packedYuv, planarYuv, semiPlanarYuv } from './yuv.js'

/**
 * By the names of sensor_msgs/image_encodings.hpp and further names that drivers use. Names of OpenCV, such as 8UC3,
 * have the order b g r.
 */
const ENCODINGS: Readonly<Record<string, Encoding>> = {
  rgb8: bytes(3, [0, 1, 2]),
  bgr8: bytes(3, [2, 1, 0]),
  rgba8: bytes(4, [0, 1, 2]),
  bgra8: bytes(4, [2, 1, 0]),
  rgb16: words(3, [0, 1, 2]),
  bgr16: words(3, [2, 1, 0]),
  rgba16: words(4, [0, 1, 2]),
  bgra16: words(4, [2, 1, 0]),
  mono8: bytes(1, [0]),
  mono16: { ...words(1, [0]), depth: WHOLE },
  '8UC1': bytes(1, [0]),
  '8UC3': bytes(3, [2, 1, 0]),
  '8UC4': bytes(4, [2, 1, 0]),
  '16UC1': u16(),
  '16SC1': i16(),
  '16UC3': words(3, [2, 1, 0]),
  '16UC4': words(4, [2, 1, 0]),
  '32FC1': f32(),
  '64FC1': f64(),
  uyvy: packedYuv('uyvy'),
  yuv422: packedYuv('uyvy'),
  yuv422_uyvy: packedYuv('uyvy'),
  yuyv: packedYuv('yuyv'),
  yuy2: packedYuv('yuyv'),
  yuv422_yuy2: packedYuv('yuyv'),
  yvyu: packedYuv('yvyu'),
  nv12: semiPlanarYuv('uv', 'half'),
  nv21: semiPlanarYuv('vu', 'half'),
  nv24: semiPlanarYuv('uv', 'whole'),
  yuv420: planarYuv(),
  i420: planarYuv(),
  bayer_rggb8: bayer('rggb', 8),
  bayer_bggr8: bayer('bggr', 8),
  bayer_gbrg8: bayer('gbrg', 8),
  bayer_grbg8: bayer('grbg', 8),
  bayer_rggb16: bayer('rggb', 16),
  bayer_bggr16: bayer('bggr', 16),
  bayer_gbrg16: bayer('gbrg', 16),
  bayer_grbg16: bayer('grbg', 16),
}

/** Characters of the longest name. A name in a message may be of any length. */
const LONGEST = Math.max(...Object.keys(ENCODINGS).map(({ length }) => length))

const byName = new Map(Object.entries(ENCODINGS))
const byLowerName = new Map(Object.entries(ENCODINGS).map(([name, encoding]) => [name.toLowerCase(), encoding]))

/** All names, in the spelling of sensor_msgs. */
export const ENCODING_NAMES: readonly string[] = Object.keys(ENCODINGS)

/** The encoding with this name, in upper or lower case. Undefined where it is not known. */
export function encodingOf(name: string): Encoding | undefined {
  return byName.get(name) ?? (name.length <= LONGEST ? byLowerName.get(name.toLowerCase()) : undefined)
}
