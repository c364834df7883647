import type { FileHandle } from 'node:fs/promises'
import { BLOCK_HEAD, blockHead, frameHead, LONGEST_HEAD } from './zstd-frame.js'
import { FrameDecoder, type OnBytes } from './frame-decoder.js'
import { ZstdError } from './zstd-error.js'

const WINDOW = 1 << 20
/** Bytes behind the data that may be read. */
const PAD = 8

/**
 * Decompresses a file of zstd frames in a small amount of memory. Throws ZstdError, and the errors of reading and of
 * `onBytes`.
 */
export async function unpackFile(file: FileHandle, onBytes: OnBytes): Promise<void> {
  const input = new Input(file)
  while (await input.has(1)) {
    await input.has(LONGEST_HEAD)
    const head = frameHead(input.bytes.subarray(input.at, Math.min(input.end, input.at + LONGEST_HEAD)))
    input.at += head.length
    if (head.skip !== undefined) {
      await input.skip(head.skip)
      continue
    }
    const decoder = new FrameDecoder(head, onBytes)
    for (let last = false; !last; ) {
      await input.need(BLOCK_HEAD)
      const block = blockHead(input.bytes, input.at)
      input.at += BLOCK_HEAD
      await input.need(block.length)
      await decoder.block(block, input.bytes, input.at)
      input.at += block.length
      last = block.last
    }
    if (head.hasChecksum) await input.need(4)
    await decoder.end(head.hasChecksum ? input.bytes.readUInt32LE(input.at) : undefined)
    if (head.hasChecksum) input.at += 4
  }
}

/** A file that is read from start to end. */
class Input {
  readonly bytes = Buffer.alloc(WINDOW + PAD)
  at = 0
  end = 0
  #position = 0
  readonly #file: FileHandle

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Whether `count` bytes (at most half a window) are left. They then lie at `at`. */
  async has(count: number): Promise<boolean> {
    if (this.at + count <= this.end) return true
    this.bytes.copyWithin(0, this.at, this.end)
    this.end -= this.at
    this.at = 0
    for (let read = -1; read !== 0 && this.end < WINDOW; ) {
      ;({ bytesRead: read } = await this.#file.read(this.bytes, this.end, WINDOW - this.end, this.#position))
      this.end += read
      this.#position += read
    }
    return count <= this.end
  }

  async need(count: number): Promise<void> {
    if (!(await this.has(count))) throw new ZstdError('the zstd frame is cut off')
  }

  async skip(count: number): Promise<void> {
    const here = Math.min(count, this.end - this.at)
    this.at += here
    this.#position += count - here
    if (this.#position > (await this.#file.stat()).size) throw new ZstdError('the zstd frame is cut off')
  }
}
