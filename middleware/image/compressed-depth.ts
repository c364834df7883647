import { ImageError } from './image-error.js'
import { decodePicture, MOST_PIXELS } from './picture-file.js'
import { codecOf } from './picture-header.js'
import { RvlReader } from './rvl.js'
import { inSlices } from './slices.js'

/** Samples of one slice on this thread: a few tenths of a millisecond. */
const SLICE = 32_768
/** Bytes of the header: int32 format, float32 quantisation a and b. */
export const HEADER = 12
/**
 * Limit on the samples of an RVL picture: a fixed number, and a number for each byte. A run of zeros takes almost no
 * bytes, but a picture of a camera has more than zeros.
 */
const RVL_FREE = 2 ** 22
const RVL_EACH = 1024

/** A decoded depth picture. */
export interface Depth {
  readonly width: number
  readonly height: number
  /** 16UC1, mono16: the camera's whole units. 32FC1: m, NaN where there is no depth. */
  readonly data: Uint16Array | Float32Array
}

/**
 * Decodes the data of a compressedDepth topic (compressed_depth_image_transport): a header, then a PNG of 16 bits, or
 * int32 width, int32 height and RVL. For 32FC1 a sample is an inverse depth q with depth = a / (q - b); q = 0 means no
 * depth. Throws ImageError.
 */
export async function decodeDepth(
  data: Uint8Array,
  encoding: '16UC1' | 'mono16' | '32FC1',
  codec: 'png' | 'rvl',
): Promise<Depth> {
  // Some publishers send no header.
  const isBare = encoding !== '32FC1' && codecOf(data) === 'png'
  if (!isBare && data.length <= HEADER)
    throw new ImageError(
      'undecodable',
      `compressedDepth: ${data.length} bytes, expected a header of ${HEADER} and a picture`,
    )
  const body = isBare ? data : data.subarray(HEADER)
  const { width, height, samples } = isBare || codec === 'png' ? await png(body) : await rvl(body)
  if (encoding !== '32FC1') return { width, height, data: samples }
  const header = new DataView(data.buffer, data.byteOffset, HEADER)
  const depths = depthsOf(header.getFloat32(4, true), header.getFloat32(8, true))
  const metres = new Float32Array(samples.length)
  await inSlices(samples.length, SLICE, (from, to) => {
    for (let i = from; i < to; i++) metres[i] = depths[samples[i]!]!
  })
  return { width, height, data: metres }
}

interface Samples {
  readonly width: number
  readonly height: number
  readonly samples: Uint16Array
}

async function png(body: Uint8Array): Promise<Samples> {
  if (codecOf(body) !== 'png') throw new ImageError('undecodable', 'compressedDepth: expected a PNG behind the header')
  const { width, height, encoding, data } = await decodePicture(body, 'png')
  if (encoding !== 'mono16')
    throw new ImageError('bad_encoding', `compressedDepth: ${encoding}, expected a grey picture of 16 bits`)
  return { width, height, samples: new Uint16Array(data.buffer, data.byteOffset, width * height) }
}

async function rvl(body: Uint8Array): Promise<Samples> {
  if (body.length < 8) throw new ImageError('undecodable', 'RVL: cut off')
  const view = new DataView(body.buffer, body.byteOffset, 8)
  const [width, height] = [view.getInt32(0, true), view.getInt32(4, true)]
  if (!(width > 0 && height > 0 && width * height <= MOST_PIXELS))
    throw new ImageError('bad_size', `${width} x ${height} pixels: expected 1 to ${MOST_PIXELS} in all`)
  if (width * height > RVL_FREE + RVL_EACH * body.length)
    throw new ImageError('bad_size', `RVL: ${width} x ${height} pixels in ${body.length} bytes`)
  const samples = new Uint16Array(width * height)
  const reader = new RvlReader(body.subarray(8))
  await inSlices(samples.length, SLICE, (from, to) => reader.read(samples, from, to))
  return { width, height, samples }
}

let known: { readonly a: number; readonly b: number; readonly depths: Float32Array } | undefined

/**
 * The depth in m of each of the 65536 inverse depths, in float32 arithmetic as in the publisher. The last table is
 * kept, because a camera never changes its quantisation.
 */
function depthsOf(a: number, b: number): Float32Array {
  if (known && Object.is(known.a, a) && Object.is(known.b, b)) return known.depths
  if (!Number.isFinite(a) || !Number.isFinite(b))
    throw new ImageError('undecodable', `compressedDepth: quantisation ${a}, ${b}: expected numbers`)
  const depths = new Float32Array(65_536).fill(NaN, 0, 1)
  for (let q = 1; q < depths.length; q++) depths[q] = a / Math.fround(q - b)
  known = { a, b, depths }
  return depths
}
