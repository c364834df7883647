import { ZstdError } from './zstd-error.js'

/** Bytes of the longest frame header. */
export const LONGEST_HEAD = 18
/** Bytes of the largest block, compressed or not. */
export const LARGEST_BLOCK = 1 << 17
/** Bytes of a block's header. */
export const BLOCK_HEAD = 3
const MAGIC = 0xfd2fb528

/** The header of a frame (RFC 8878, 3.1.1.1). */
export interface FrameHead {
  /** Bytes of the header. */
  readonly length: number
  /** Set for a skippable frame: its bytes behind the header. */
  readonly skip?: number
  /** Bytes of the window: how far back a match may reach. */
  readonly window: number
  /** Bytes after decompression, if the header states them. */
  readonly size: number | undefined
  readonly hasChecksum: boolean
}

/** Parses a frame's header. `bytes` must hold all of it, or `LONGEST_HEAD` bytes. Throws ZstdError. */
export function frameHead(bytes: Uint8Array): FrameHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 6) throw new ZstdError('the zstd frame is cut off')
  const magic = view.getUint32(0, true)
  if (magic >>> 4 === 0x184d2a5 && bytes.length >= 8)
    return { length: 8, skip: view.getUint32(4, true), window: 0, size: 0, hasChecksum: false }
  if (magic !== MAGIC) throw new ZstdError('not a zstd frame')
  const descriptor = bytes[4]!
  const single = (descriptor & 0x20) !== 0
  if ((descriptor & 3) !== 0) throw new ZstdError('the zstd frame needs a dictionary')
  const kind = descriptor >> 6
  const at = single ? 5 : 6
  const length = at + [single ? 1 : 0, 2, 4, 8][kind]!
  if (bytes.length < length) throw new ZstdError('the zstd frame is cut off')
  const size =
    kind === 0
      ? single
        ? bytes[at]
        : undefined
      : kind === 1
        ? view.getUint16(at, true) + 256
        : kind === 2
          ? view.getUint32(at, true)
          : Number(view.getBigUint64(at, true))
  const window = single ? (size ?? 0) : (2 ** (10 + (bytes[5]! >> 3)) / 8) * (8 + (bytes[5]! & 7))
  return { length, window, size, hasChecksum: (descriptor & 4) !== 0 }
}

export interface BlockHead {
  readonly last: boolean
  readonly kind: 'raw' | 'repeat' | 'packed'
  /** Bytes in the file. */
  readonly length: number
  /** Largest number of bytes after decompression. */
  readonly most: number
}

/** Parses a block's header of three bytes (3.1.1.2). Throws ZstdError. */
export function blockHead(bytes: Uint8Array, at: number): BlockHead {
  const head = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
  const size = head >> 3
  const last = (head & 1) !== 0
  const kind = (head >> 1) & 3
  if (kind === 3 || size > LARGEST_BLOCK) throw new ZstdError('the zstd frame is damaged')
  if (kind === 0) return { last, kind: 'raw', length: size, most: size }
  return kind === 1
    ? { last, kind: 'repeat', length: 1, most: size }
    : { last, kind: 'packed', length: size, most: LARGEST_BLOCK }
}

/** A frame in memory. */
export interface ZstdFrame {
  readonly bytes: Uint8Array
  /** Bytes after decompression, as stated; otherwise the most that is possible. */
  readonly most: number
}

/**
 * The frames in bytes that hold nothing else, without skippable frames. Throws ZstdError.
 */
export function* framesOf(bytes: Uint8Array): Generator<ZstdFrame, undefined> {
  for (let start = 0; start < bytes.length; ) {
    const head = frameHead(bytes.subarray(start, start + LONGEST_HEAD))
    let at = start + head.length + (head.skip ?? 0)
    let blocks = 0
    for (let last = head.skip !== undefined; !last; ) {
      if (at + BLOCK_HEAD > bytes.length) throw new ZstdError('the zstd frame is cut off')
      const block = blockHead(bytes, at)
      at += BLOCK_HEAD + block.length
      blocks += block.most
      last = block.last
    }
    if (head.hasChecksum) at += 4
    if (at > bytes.length) throw new ZstdError('the zstd frame is cut off')
    if (head.size !== undefined && head.size > blocks) throw new ZstdError('the zstd frame is damaged')
    if (head.skip === undefined) yield { bytes: bytes.subarray(start, at), most: head.size ?? blocks }
    start = at
  }
}
