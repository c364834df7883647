import { loadDecompressHandlers } from '@mcap/support'

/** The most that one frame or chunk may claim to unpack to. A larger claim is taken for damage. */
export const LARGEST = 1 << 30

let zstd: ((bytes: Uint8Array, size: bigint) => Uint8Array) | undefined

/** Must have been waited for before `decompressFrame`. */
export async function loadZstd(): Promise<void> {
  zstd ??= (await loadDecompressHandlers()).zstd
}

/** Unpacks one zstd frame, whether it tells its own size or not. Throws Error. */
export function decompressFrame(frame: Uint8Array): Uint8Array {
  if (zstd === undefined) throw new Error('zstd is not loaded')
  const size = contentSize(frame)
  if (size !== undefined) return zstd(frame, BigInt(size))
  for (let room = Math.max(1 << 20, 8 * frame.length); room <= LARGEST; room *= 4) {
    try {
      return zstd(frame, BigInt(room))
    } catch {
      // Too little room, or damaged: the largest room tells.
    }
  }
  throw new Error('the zstd frame is damaged or too large')
}

/** Frame_Content_Size of a zstd frame header (RFC 8878, 3.1.1.1); undefined when it was left out. */
function contentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 6 || view.getUint32(0, true) !== 0xfd2fb528) throw new Error('not a zstd frame')
  const descriptor = frame[4]
  const single = (descriptor & 0x20) !== 0
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]
  const kind = descriptor >> 6
  if (frame.length < at + [single ? 1 : 0, 2, 4, 8][kind]) throw new Error('the zstd frame is cut off')
  if (kind === 0 && !single) return undefined
  const size = kind === 0 ? frame[at]
    : kind === 1 ? view.getUint16(at, true) + 256
      : kind === 2 ? view.getUint32(at, true)
        : Number(view.getBigUint64(at, true))
  if (size > LARGEST) throw new Error(`the zstd frame claims to hold ${size} bytes`)
  return size
}
