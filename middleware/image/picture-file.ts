import { endianness } from 'node:os'
import type sharp from 'sharp'
import { ImageError } from './image-error.js'
import { pictureHeader } from './picture-header.js'

/** Pixels of the largest picture that is decoded: 8192 x 8192. */
export const MOST_PIXELS = 2 ** 26

/** The pixels of a picture, rows joined. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly encoding: 'rgb8' | 'mono8' | '16UC1'
  /** Bytes of their own; samples of two bytes in this machine's order. */
  readonly data: Uint8Array
}

export const BIG_ENDIAN = endianness() === 'BE'

let loading: Promise<typeof sharp> | undefined

/** Loads the decoder, once; it is not loaded where nobody asks for it. Throws in one line where this machine has no binary of it. */
export function loadSharp(): Promise<typeof sharp> {
  return loading ??= import('sharp').then(({ default: sharp }) => {
    sharp.cache(false)
    // A picture is decoded on one thread of libuv's pool; several pictures at once on several.
    sharp.concurrency(1)
    return sharp
  }, (error: unknown) => {
    loading = undefined
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n')
    throw Object.assign(new Error(`compressed images cannot be decoded: ${reason}; npm install sharp`, { cause: error }), { exit: 2 })
  })
}

/**
 * Decodes a PNG or JPEG file on another thread: the samples as they are in the file, no colour profile applied, not turned by EXIF. Grey becomes
 * mono8 or, of 16 bits, 16UC1; colour becomes rgb8, an alpha channel is left out. Throws ImageError: `undecodable` (cut off, damaged, no such file),
 * `bad_encoding` (colour of 16 bits), `bad_size` (no pixels, or too many).
 */
export async function decodePicture(data: Uint8Array): Promise<Pixels> {
  const { width, height, grey, bits } = pictureHeader(data)
  const pixels = width * height
  if (!(pixels > 0 && pixels <= MOST_PIXELS)) throw new ImageError('bad_size', `${width} x ${height} pixels: expected 1 to ${MOST_PIXELS} in all`)
  const deep = bits === 16
  if (deep && !grey) throw new ImageError('bad_encoding', 'colour of 16 bits: expected 8')
  const sharp = await loadSharp()
  const file = sharp(data, { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true, ignoreIcc: true }).removeAlpha()
  const samples = grey ? file.toColourspace(deep ? 'grey16' : 'b-w').raw({ depth: deep ? 'ushort' : 'uchar' }) : file.raw()
  let decoded
  try {
    decoded = await samples.toBuffer({ resolveWithObject: true })
  } catch (error) {
    throw new ImageError('undecodable', error instanceof Error ? error.message : String(error), { cause: error })
  }
  return { width: decoded.info.width, height: decoded.info.height, encoding: deep ? '16UC1' : grey ? 'mono8' : 'rgb8', data: decoded.data }
}

/** A PNG file, on another thread: `data` u8[height * width * 3], r g b, or u16[height * width], which stays grey of 16 bits. */
export async function encodePicture(
  { width, height, channels, data }: { readonly width: number; readonly height: number; readonly channels: 1 | 3; readonly data: Uint8Array | Uint16Array },
): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const file = sharp(data, { raw: { width, height, channels } })
  return (channels === 1 ? file.toColourspace('grey16') : file).png().toBuffer()
}
