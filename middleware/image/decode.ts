import type { CompressedImage, Header, Image } from '../messages.js'
import { decodeDepth, HEADER as DEPTH_HEADER } from './compressed-depth.js'
import { ImageError } from './image-error.js'
import { BIG_ENDIAN, decodePicture, MOST_PIXELS, type Pixels } from './picture-file.js'
import { codecOf, pictureHeader } from './picture-header.js'

/** Decodes a CompressedImage. Rejects with ImageError. */
export type DecodeImage = (message: CompressedImage) => Promise<Image>

/** The format of `compressedDepth`: `16UC1; compressedDepth png`. Without a codec it is PNG. */
const DEPTH = /^\s*(\w+)\s*;\s*compressedDepth(?:\s+(\w+))?\s*$/i
/**
 * The format of `compressed`: `rgb8; jpeg compressed bgr8`. The first word is the encoding before the compression.
 * Publishers other than image_transport write the codec alone.
 */
const BEFORE = /^\s*(\w+)\s*;/
/** Formats with the name of a codec that can be decoded. */
const KNOWN = /jpe?g|png|webp|tiff?/i

const DEPTHS: Readonly<Record<string, '16UC1' | 'mono16' | '32FC1'>> = {
  '16uc1': '16UC1',
  mono16: 'mono16',
  '32fc1': '32FC1',
}
/** Encodings that need more than eight bits a sample. */
const DEEP: ReadonlySet<string> = new Set(['16uc1', '16sc1', 'mono16', '32fc1'])
const BYTES: Readonly<Record<Pixels['encoding'], number>> = { rgb8: 3, rgb16: 6, mono8: 1, mono16: 2, '32FC1': 4 }

/**
 * Decodes a picture of image_transport's `compressed` (JPEG, PNG, TIFF) or `compressedDepth` (PNG, RVL), or a WebP. The
 * image has no padding between rows, and keeps the message's stamp and frame. Its encoding is rgb8, rgb16, mono8 or
 * mono16; for a grey picture also the encoding that the format states (16UC1, 32FC1 in m, a Bayer pattern). The bytes
 * decide which codec it is, not the format. Files are decoded on other threads; the work on this thread is done in
 * slices of less than a millisecond. Rejects with ImageError: `undecodable`, `bad_encoding` (an unknown codec, or a
 * picture that differs from the format), `bad_size` (no pixels, or more than 2^25).
 */
export async function decodeImage({ format, data, ...header }: CompressedImage): Promise<Image> {
  const depth = DEPTH.exec(format)
  if (depth) {
    const encoding = DEPTHS[(depth[1] as string).toLowerCase()]
    const codec = (depth[2] ?? 'png').toLowerCase()
    if (encoding === undefined || (codec !== 'png' && codec !== 'rvl'))
      throw new ImageError('bad_encoding', 'expected compressedDepth of 16UC1 or 32FC1 as png or rvl')
    const decoded = await decodeDepth(data, encoding, codec)
    const { buffer, byteOffset, byteLength } = decoded.data
    return image(header, {
      ...decoded,
      encoding,
      data: new Uint8Array(buffer, byteOffset, byteLength),
      bytes: BYTES[encoding === '16UC1' ? 'mono16' : encoding],
    })
  }
  const codec = codecOf(data)
  if (codec === undefined)
    throw new ImageError(
      KNOWN.test(format) ? 'undecodable' : 'bad_encoding',
      'its bytes begin no JPEG, PNG, WebP or TIFF',
    )
  const decoded = await decodePicture(data, codec)
  return image(header, {
    ...decoded,
    encoding: shown(decoded.encoding, BEFORE.exec(format)?.[1] ?? ''),
    bytes: BYTES[decoded.encoding],
  })
}

/**
 * The number of pixels that a message claims to have: half the limit when only the decoder can tell, 0 when the message
 * cannot be decoded.
 */
export function pixelsOf({ format, data }: CompressedImage): number {
  const isDepth = DEPTH.test(format)
  const file = isDepth && codecOf(data) !== 'png' ? data.subarray(DEPTH_HEADER) : data
  const codec = codecOf(file)
  try {
    if (codec === undefined && !isDepth) return 0
    if (codec !== 'png' && codec !== 'jpeg') return MOST_PIXELS / 2
    const { width, height } = pictureHeader(file)
    return Math.min(width * height, MOST_PIXELS)
  } catch {
    return 0
  }
}

/**
 * The encoding of decoded samples, given the encoding `before` the compression; `''`: unknown. Throws ImageError
 * `bad_encoding` when the two do not fit.
 */
function shown(decoded: Pixels['encoding'], before: string): string {
  const name = before.toLowerCase()
  const bits = decoded === 'mono8' ? 8 : 16
  const grey = decoded === 'mono8' || decoded === 'mono16'
  if (name.startsWith('bayer_') && grey) return name.replace(/\d+$/, '') + bits
  if (DEEP.has(name)) {
    if (decoded !== (name === '32fc1' ? '32FC1' : 'mono16'))
      throw new ImageError('bad_encoding', `${before} is promised, and the file holds ${decoded}`)
    return before
  }
  return decoded
}

function image(
  header: Header,
  {
    width,
    height,
    encoding,
    data,
    bytes,
  }: { width: number; height: number; encoding: string; data: Uint8Array; bytes: number },
): Image {
  return { ...header, width, height, encoding, isBigendian: BIG_ENDIAN, step: width * bytes, data }
}
