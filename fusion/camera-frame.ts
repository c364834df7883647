/** A camera frame as a bus delivers it: sensor_msgs/Image without its header. The bytes never change. */
export interface Frame {
  readonly width: number
  readonly height: number
  /** The name in sensor_msgs/image_encodings.hpp. */
  readonly encoding: string
  /** Bytes from the start of a row to the start of the next; see `strideOf`. */
  readonly step: number
  readonly isBigendian: boolean
  readonly data: Uint8Array
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Most rows that may follow below a picture. Codecs round its height up to a multiple of 16, 32 or 64. */
const MOST_ROWS_BELOW = 64

/**
 * Bytes from the start of a row to the start of the next, for a plane of `rows` rows with `row` bytes each. Undefined
 * where the frame's data cannot hold such a plane. Data that exactly fit a picture without padding are read so,
 * whatever `step` says, since some drivers leave it 0. The padding of the last row may be missing. Fewer than 64
 * further rows may follow.
 */
export function strideOf({ step, data }: Frame, row: number, rows: number): number | undefined {
  const { length } = data
  if (length === row * rows) return row
  return step >= row && length >= (rows - 1) * step + row && length < (rows + MOST_ROWS_BELOW) * step ? step : undefined
}

/**
 * Samples of two or more bytes in the machine's byte order, without padding between rows. The result is a view of the
 * frame's own bytes where these already have that form. `row`: samples in a row.
 */
export function packWords(frame: Frame, stride: number, bytes: 2 | 4 | 8, row: number): Uint8Array {
  const { height, data, isBigendian } = frame
  const swap = isBigendian === LITTLE_ENDIAN
  const length = row * bytes
  if (stride === length && !swap && data.byteOffset % bytes === 0) return data.subarray(0, length * height)
  const packed = new Uint8Array(length * height)
  for (let y = 0; y < height; y++) packed.set(data.subarray(y * stride, y * stride + length), y * length)
  if (swap) SWAP[bytes](Buffer.from(packed.buffer))
  return packed
}

const SWAP = {
  2: (bytes: Buffer) => bytes.swap16(),
  4: (bytes: Buffer) => bytes.swap32(),
  8: (bytes: Buffer) => bytes.swap64(),
} as const

/** The result of `packWords` for samples of two bytes. */
export function packU16(frame: Frame, stride: number, row: number): Uint16Array {
  const { buffer, byteOffset, length } = packWords(frame, stride, 2, row)
  return new Uint16Array(buffer, byteOffset, length / 2)
}

/**
 * Converts a level of 16 bits to 8 bits: level / 257, rounded, so 65535 becomes 255 (as cv_bridge does). 65281 / 2^24
 * equals 1 / 257 closely enough for all levels.
 */
export const toByte = (level: number): number => Math.imul(level + 128, 65_281) >>> 24
