import type { CompressedImage, Image } from '../messages.js'
import { decodeDepth } from './compressed-depth.js'
import { ImageError } from './image-error.js'
import { BIG_ENDIAN, decodePicture } from './picture-file.js'

/** A CompressedImage as an Image, by and by. Rejects with ImageError. */
export type DecodeImage = (message: CompressedImage) => Promise<Image>

/** `compressedDepth`: `16UC1; compressedDepth png`; what names no codec is PNG. */
const DEPTH = /^(16UC1|32FC1)\s*;\s*compressedDepth(?:\s+(png|rvl))?\s*$/
/** `compressed`: `rgb8; jpeg compressed bgr8`; of others than image_transport the codec alone. */
const PICTURE = /^(?:(\w+)\s*;\s*)?(?:jpe?g|png)\b/i

const BYTES = { rgb8: 3, mono8: 1, '16UC1': 2, '32FC1': 4 } as const
/** What cannot come out of eight bits a sample. */
const DEEP: ReadonlySet<string | undefined> = new Set(['16UC1', 'mono16', '32FC1'])

/**
 * Decodes what image_transport's `compressed` (JPEG, PNG) and `compressedDepth` (PNG, RVL) publish into rgb8, mono8, 16UC1 (mm) or 32FC1 (m), rows joined,
 * stamp and frame as they were. The format must be known; which of JPEG and PNG it is, the bytes say. Files are decoded on other threads; what is done
 * here is done in slices of less than a millisecond. Rejects with ImageError: `undecodable`, `bad_encoding` (an unknown format, or a
 * picture that is not what the format says), `bad_size` (no pixels, or more than 2^26).
 */
export async function decodeImage({ stamp, frameId, format, data }: CompressedImage): Promise<Image> {
  const depth = DEPTH.exec(format)
  if (depth) {
    const encoding = depth[1] as '16UC1' | '32FC1'
    const decoded = await decodeDepth(data, encoding, (depth[2] ?? 'png') as 'png' | 'rvl')
    const { buffer, byteOffset, byteLength } = decoded.data
    return image({ stamp, frameId }, { ...decoded, encoding, data: new Uint8Array(buffer, byteOffset, byteLength) })
  }
  const picture = PICTURE.exec(format)
  if (!picture) throw new ImageError('bad_encoding', `format '${format}': expected jpeg, png or compressedDepth`)
  const decoded = await decodePicture(data)
  const of = picture[1] as string | undefined
  const isOther = DEEP.has(of) ? decoded.encoding !== '16UC1' : of?.startsWith('bayer') && decoded.encoding !== 'rgb8'
  if (isOther) throw new ImageError('bad_encoding', `format '${format}': decoded as ${decoded.encoding}`)
  return image({ stamp, frameId }, decoded)
}

function image(header: { stamp: number; frameId: string }, { width, height, encoding, data }: { width: number; height: number; encoding: keyof typeof BYTES; data: Uint8Array }): Image {
  return { ...header, width, height, encoding, isBigendian: BIG_ENDIAN, step: width * BYTES[encoding], data }
}
