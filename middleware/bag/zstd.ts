import { loadDecompressHandlers } from '@mcap/support'
import { framesOf } from '../zstd/frame.js'
import { LARGEST_UNPACKED, UnpackBudget } from './limits.js'

/** Gives a message's bytes as they were before they were packed. Throws Error. */
export type UnpackMessage = (data: Uint8Array) => Uint8Array

let zstd: ((bytes: Uint8Array, size: bigint) => Uint8Array) | undefined

/** Must have been waited for before messages are unpacked. */
export async function loadZstd(): Promise<void> {
  zstd ??= (await loadDecompressHandlers()).zstd
}

/** For one pass through the messages of a file of `size` bytes, each of which is packed by itself. */
export function messageUnpacker(size: number): UnpackMessage {
  const budget = new UnpackBudget(size)
  return data => unpackFrames(data, budget)
}

/** Unpacks bytes that are one zstd frame or several, whether they tell their size or not. */
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
