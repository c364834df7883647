import { loadDecompressor } from './decompressors.js'
import { framesOf } from '../zstd/zstd-frame.js'
import { LARGEST_UNPACKED, UnpackBudget } from './limits.js'

/** Decompresses the bytes of a message. Throws an Error. */
export type UnpackMessage = (data: Uint8Array) => Uint8Array

let zstd: ((bytes: Uint8Array, size: bigint) => Uint8Array) | undefined

/** Loads the decompressor for the file `path`. It must have resolved before the first message is decompressed. */
export async function loadZstd(path: string): Promise<void> {
  zstd ??= await loadDecompressor('zstd', path)
}

/** The decompressor for one pass through a file of `size` bytes in which each message is compressed on its own. */
export function messageUnpacker(size: number): UnpackMessage {
  const budget = new UnpackBudget(size)
  return data => unpackFrames(data, budget)
}

/** Decompresses one zstd frame or several, with or without their size in the header. */
function unpackFrames(bytes: Uint8Array, budget: UnpackBudget): Uint8Array {
  const parts: Uint8Array[] = []
  let left = LARGEST_UNPACKED
  for (const { bytes: frame, most } of framesOf(bytes)) {
    if (most > left) throw new Error(`it claims to unpack to more than ${LARGEST_UNPACKED} bytes`)
    const part = most === 0 ? new Uint8Array() : zstd?.(frame, BigInt(most))
    if (!part) throw new Error('zstd is not loaded')
    budget.take(part.length)
    left -= part.length
    parts.push(part)
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}
