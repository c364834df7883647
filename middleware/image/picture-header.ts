import { ImageError } from './image-error.js'

export type Codec = 'png' | 'jpeg' | 'webp' | 'tiff'

/** The header of a PNG (ISO/IEC 15948) or a JPEG (ITU-T T.81). */
export interface PictureHeader {
  readonly width: number
  readonly height: number
  readonly grey: boolean
  /** Bits of one sample. */
  readonly bits: number
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** Markers of a JPEG frame: SOF0 to SOF15 without DHT, JPG and DAC, which lie among them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** The codec that a file's first bytes show; undefined: none that can be decoded. */
export function codecOf(data: Uint8Array): Codec | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 16))
  const at = (from: number, text: string): boolean => bytes.toString('latin1', from, from + text.length) === text
  if (bytes.subarray(0, 8).equals(PNG)) return 'png'
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return 'jpeg'
  if (at(0, 'RIFF') && at(8, 'WEBP')) return 'webp'
  return at(0, 'II*\0') || at(0, 'MM\0*') ? 'tiff' : undefined
}

/** The header of a PNG or a JPEG. Throws ImageError `undecodable` when it is damaged. */
export function pictureHeader(data: Uint8Array): PictureHeader {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.subarray(0, 8).equals(PNG)) {
    if (bytes.length < 26 || bytes.toString('latin1', 12, 16) !== 'IHDR')
      throw new ImageError('undecodable', 'a PNG without a header')
    const colour = bytes[25]
    return {
      width: bytes.readUInt32BE(16),
      height: bytes.readUInt32BE(20),
      grey: colour === 0 || colour === 4,
      bits: bytes[24]!,
    }
  }
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!
    if (marker === 0xff) at++
    else if (isFrame(marker)) {
      return {
        height: bytes.readUInt16BE(at + 5),
        width: bytes.readUInt16BE(at + 7),
        grey: bytes[at + 9] === 1,
        bits: bytes[at + 4]!,
      }
    } else at += 2 + bytes.readUInt16BE(at + 2)
  }
  throw new ImageError('undecodable', 'a JPEG without a frame')
}
