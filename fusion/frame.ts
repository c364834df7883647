/** A camera frame as it comes from a bus: sensor_msgs/Image without its header. The bytes are never written again. */
export interface Frame {
  readonly width: number
  readonly height: number
  /** As sensor_msgs/image_encodings.hpp names it. */
  readonly encoding: string
  /** Bytes from a row to the next; see `strideOf`. */
  readonly step: number
  readonly isBigendian: boolean
  readonly data: Uint8Array
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Rows that may lie below a picture: codecs fill its height up to a multiple of 16, 32 or 64. */
const MOST_ROWS_BELOW = 64

/**
 * Bytes from a row to the next, of a plane of `row` bytes and `rows` rows; undefined where the frame's data cannot hold
 * it. Bytes that fit a picture without padding are one, whatever `step` says (some drivers leave it 0); the padding of
 * the last row may be missing; fewer than 64 rows may follow.
 */
export function strideOf({ step, data }: Frame, row: number, rows: number): number | undefined {
  const { length } = data
  if (length === row * rows) return row
  return step >= row && length >= (rows - 1) * step + row && length < (rows + MOST_ROWS_BELOW) * step ? step : undefined
}

/**
 * Samples of two bytes or more in the machine's byte order, rows joined; a view of the frame's own bytes where these
 * are so already. `row`: samples in a row.
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

/** The samples of two bytes of `packWords`. */
export function packU16(frame: Frame, stride: number, row: number): Uint16Array {
  const { buffer, byteOffset, length } = packWords(frame, stride, 2, row)
  return new Uint16Array(buffer, byteOffset, length / 2)
}

/**
 * A level of 16 bits as one of 8: level / 257, rounded, so that 65535 becomes 255 (as cv_bridge converts). 65281 / 2^24
 * is 1 / 257, exact enough for all of them.
 */
export const toByte = (level: number): number => Math.imul(level + 128, 65_281) >>> 24
