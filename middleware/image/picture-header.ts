import { ImageError } from './image-error.js'

/** What the first bytes of a PNG (ISO/IEC 15948) or JPEG (ITU-T T.81) file say of its picture. */
export interface PictureHeader {
  readonly codec: 'png' | 'jpeg'
  readonly width: number
  readonly height: number
  readonly grey: boolean
  /** Of a sample. */
  readonly bits: number
}

const PNG = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
/** Markers of a JPEG frame (SOF0 to SOF15), less the three in their midst that are none: DHT, JPG, DAC. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Throws ImageError `undecodable` for bytes that begin as neither. */
export function pictureHeader(data: Uint8Array): PictureHeader {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  if (bytes.subarray(0, 8).equals(PNG) && bytes.length >= 26 && bytes.toString('latin1', 12, 16) === 'IHDR') {
    const colour = bytes[25]
    return { codec: 'png', width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), grey: colour === 0 || colour === 4, bits: bytes[24] }
  }
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new ImageError('undecodable', 'expected a PNG or a JPEG')
  for (let at = 2; at + 10 <= bytes.length && bytes[at] === 0xff;) {
    const marker = bytes[at + 1]
    if (marker === 0xff) at++
    else if (isFrame(marker)) {
      return { codec: 'jpeg', height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7), grey: bytes[at + 9] === 1, bits: bytes[at + 4] }
    } else at += 2 + bytes.readUInt16BE(at + 2)
  }
  throw new ImageError('undecodable', 'a JPEG without a frame')
}
