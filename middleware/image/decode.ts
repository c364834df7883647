import type { CompressedImage, Header, Image } from '../messages.js'
import { decodeDepth, HEADER as DEPTH_HEADER } from './compressed-depth.js'
import { ImageError } from './image-error.js'
import { BIG_ENDIAN, decodePicture, MOST_PIXELS, type Pixels } from './picture-file.js'
import { codecOf, pictureHeader } from './picture-header.js'

/** A CompressedImage as an Image, by and by. Rejects with ImageError. */
export type DecodeImage = (message: CompressedImage) => Promise<Image>

/** `compressedDepth`: `16UC1; compressedDepth png`; what names no codec is PNG. */
const DEPTH = /^\s*(\w+)\s*;\s*compressedDepth(?:\s+(\w+))?\s*$/i
/**
 * `compressed`: `rgb8; jpeg compressed bgr8`: what the image was before. Of others than image_transport the codec
 * alone.
 */
const BEFORE = /^\s*(\w+)\s*;/
/** Formats that name a codec which is decoded. */
const KNOWN = /jpe?g|png|webp|tiff?/i

const DEPTHS: Readonly<Record<string, '16UC1' | 'mono16' | '32FC1'>> = {
  '16uc1': '16UC1',
  mono16: 'mono16',
  '32fc1': '32FC1',
}
/** What cannot come out of eight bits a sample. */
const DEEP: ReadonlySet<string> = new Set(['16uc1', '16sc1', 'mono16', '32fc1'])
const BYTES: Readonly<Record<Pixels['encoding'], number>> = { rgb8: 3, rgb16: 6, mono8: 1, mono16: 2, '32FC1': 4 }

/**
 * Decodes what image_transport's `compressed` (JPEG, PNG, TIFF) and `compressedDepth` (PNG, RVL) publish, and WebP,
 * into an image of rows joined, stamp and frame as they were: rgb8, rgb16, mono8, mono16, or what the format says that
 * a grey picture is (16UC1, 32FC1 in m, a bayer pattern). What kind of file it is the bytes say, not the format. Files
 * are decoded on other threads; what is done here is done in slices of less than a millisecond. Rejects with
 * ImageError: `undecodable`, `bad_encoding` (no kind of file that is known, or a picture that is not what the format
 * says), `bad_size` (no pixels, or more than 2^25).
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
 * How many pixels a message claims to have; half the most there may be where only its decoder can tell, and none where
 * it has none.
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
 * What the samples of a file show that was an image in encoding `before`, `''` where nobody says. Throws ImageError
 * `bad_encoding` where they cannot.
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
