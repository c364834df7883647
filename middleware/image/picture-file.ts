import { endianness } from 'node:os'
import type sharp from 'sharp'
import type { Metadata } from 'sharp'
import { installCommand, requirePeers } from '../../peers/peers.js'
import { ImageError } from './image-error.js'
import { messageOf } from '../message-of.js'
import { pictureHeader, type Codec, type PictureHeader } from './picture-header.js'

/** Pixels of the largest picture that is decoded: 8192 x 4096. */
export const MOST_PIXELS = 2 ** 25
/** s that the decoding of one picture may take. A file of a few bytes can ask for hours. */
const PATIENCE = 5

/** The pixels of a picture, without padding between rows. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly encoding: 'rgb8' | 'rgb16' | 'mono8' | 'mono16' | '32FC1'
  /** A buffer of its own. Samples of two and four bytes have this machine's byte order. */
  readonly data: Uint8Array
}

/** Whether this machine is big-endian. */
export const BIG_ENDIAN = endianness() === 'BE'

let loading: Promise<typeof sharp> | undefined

/**
 * Loads the decoder once, and only when it is needed. Rejects with MissingPackageError when it is
 * not installed, and with an error of one line when there is no binary for this machine.
 */
export async function loadSharp(): Promise<typeof sharp> {
  requirePeers('pictures in files', 'sharp')
  return (loading ??= import('sharp').then(
    ({ default: sharp }) => {
      sharp.cache(false)
      // One picture is decoded on one thread of libuv's pool. Several pictures use several threads.
      sharp.concurrency(1)
      return sharp
    },
    (error: unknown) => {
      loading = undefined
      const [reason] = messageOf(error).split('\n')
      throw Object.assign(
        new Error(`compressed images cannot be decoded: ${reason}; ${installCommand(['sharp'])}`, { cause: error }),
        { exit: 2 },
      )
    },
  ))
}

/** By bits of a sample: the options for the decoder and the encoding's name, for grey and for colour. */
const SAMPLES = {
  8: { depth: 'uchar', grey: ['b-w', 'mono8'], colour: ['srgb', 'rgb8'] },
  16: { depth: 'ushort', grey: ['grey16', 'mono16'], colour: ['rgb16', 'rgb16'] },
  32: { depth: 'float', grey: ['b-w', '32FC1'], colour: undefined },
} as const

/**
 * Decodes a file on another thread. The samples are those in the file: no colour profile and no EXIF rotation is
 * applied. A grey picture becomes mono8, mono16 or, for the floats of a TIFF, 32FC1. A colour picture becomes rgb8 or
 * rgb16, without its alpha channel. Throws ImageError: `undecodable` (cut off, damaged), `bad_encoding` (colour in
 * floats), `bad_size` (no pixels, or too many).
 */
export async function decodePicture(data: Uint8Array, codec: Codec): Promise<Pixels> {
  const sharp = await loadSharp()
  const options = { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true, ignoreIcc: true } as const
  const header =
    codec === 'png' || codec === 'jpeg'
      ? pictureHeader(data)
      : await readable(sharp(data, options).metadata().then(headerOf))
  const pixels = header.width * header.height
  if (!(pixels > 0 && pixels <= MOST_PIXELS))
    throw new ImageError('bad_size', `${header.width} x ${header.height} pixels: expected 1 to ${MOST_PIXELS} in all`)
  const { depth, ...samples } = SAMPLES[header.bits > 16 ? 32 : header.bits > 8 ? 16 : 8]
  const shown = header.grey ? samples.grey : samples.colour
  if (shown === undefined) throw new ImageError('bad_encoding', 'colour of floats: expected 8 or 16 bits')
  const [space, encoding] = shown
  const file = sharp(data, options).timeout({ seconds: PATIENCE }).removeAlpha().toColourspace(space).raw({ depth })
  const decoded = await readable(file.toBuffer({ resolveWithObject: true }))
  return { width: decoded.info.width, height: decoded.info.height, encoding, data: decoded.data }
}

/** The header of a file that the decoder has opened. */
function headerOf({ width, height, channels, depth }: Metadata): PictureHeader {
  return { width, height, grey: channels < 3, bits: depth === 'uchar' ? 8 : depth === 'ushort' ? 16 : 32 }
}

function readable<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new ImageError('undecodable', messageOf(error), { cause: error })
  })
}

/**
 * Encodes a PNG on another thread. `data`: u8[height * width * 3] in the order r g b, or u16[height * width], which
 * becomes a grey picture of 16 bits.
 */
export async function encodePicture({
  width,
  height,
  channels,
  data,
}: {
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Uint8Array | Uint16Array
}): Promise<Uint8Array> {
  const sharp = await loadSharp()
  const file = sharp(data, { raw: { width, height, channels } })
  return (channels === 1 ? file.toColourspace('grey16') : file).png().toBuffer()
}
