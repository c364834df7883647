import { LARGEST_BLOCK, type BlockHead, type FrameHead } from './zstd-frame.js'
import { Literals } from './literals.js'
import { Sequences } from './sequences.js'
import { Xxh64 } from './xxh64.js'
import { ZstdError } from './zstd-error.js'

/** Bytes of the largest window that is kept: the one of `zstd --long`. */
const LARGEST_WINDOW = 1 << 27
/** Approximate number of bytes that are passed on at once. */
const STRETCH = 1 << 22

/** Takes decompressed bytes. They are valid until its promise resolves. */
export type OnBytes = (bytes: Uint8Array) => Promise<void>

/**
 * Decompresses one zstd frame (RFC 8878) block by block. Memory holds its window, however large the frame is. The
 * WebAssembly decoder, which is used for chunks, takes whole frames only.
 */
export class FrameDecoder {
  readonly #head: FrameHead
  readonly #onBytes: OnBytes
  /** The window, and behind it the bytes that were decompressed since. */
  readonly #out: Uint8Array
  #at = 0
  #handed = 0
  #total = 0
  readonly #literals = new Literals()
  readonly #sequences = new Sequences()
  readonly #checksum = new Xxh64()

  /** Throws ZstdError when the window is too large. */
  constructor(head: FrameHead, onBytes: OnBytes) {
    if (head.window > LARGEST_WINDOW)
      throw new ZstdError(`the zstd frame needs a window of ${head.window} bytes: at most ${LARGEST_WINDOW} are kept`)
    this.#head = head
    this.#onBytes = onBytes
    this.#out = new Uint8Array(head.window + STRETCH + LARGEST_BLOCK)
  }

  /** Decompresses the block at `start` in `bytes`. Eight bytes behind it must be readable. Throws ZstdError. */
  async block({ kind, length, most }: BlockHead, bytes: Uint8Array, start: number): Promise<void> {
    if (this.#at + LARGEST_BLOCK > this.#out.length) await this.#makeRoom()
    const before = this.#at
    if (kind === 'raw') this.#out.set(bytes.subarray(start, start + length), this.#at)
    else if (kind === 'repeat') this.#out.fill(bytes[start]!, this.#at, this.#at + most)
    else this.#unpack(bytes, start, start + length)
    if (kind !== 'packed') this.#at += most
    this.#total += this.#at - before
    if (this.#head.size !== undefined && this.#total > this.#head.size)
      throw new ZstdError('the zstd frame is larger than it says')
  }

  /** To be called after the last block. `checksum`: the one behind the frame. Throws ZstdError. */
  async end(checksum: number | undefined): Promise<void> {
    await this.#hand()
    if (this.#head.size !== undefined && this.#total !== this.#head.size)
      throw new ZstdError('the zstd frame is smaller than it says')
    if (checksum !== undefined && checksum !== this.#checksum.digest())
      throw new ZstdError('the zstd frame fails its checksum')
  }

  #unpack(bytes: Uint8Array, start: number, end: number): void {
    if (end - start < 2) throw new ZstdError('a block that is cut off')
    const literals = this.#literals
    const out = this.#out
    const limit = this.#at + LARGEST_BLOCK
    const behind = literals.read(bytes, start, end)
    let used = 0
    let at = this.#at
    const copyLiterals = (count: number): void => {
      if (used + count > literals.size || at + count > limit) throw new ZstdError('more literals than there are')
      if (count > 32) out.set(literals.bytes.subarray(used, used + count), at)
      else for (let i = 0; i < count; i++) out[at + i] = literals.bytes[used + i]!
      used += count
      at += count
    }
    this.#sequences.read(bytes, behind, end, (count, match, offset) => {
      copyLiterals(count)
      if (offset > at || at + match > limit) throw new ZstdError('a match from before the beginning')
      if (match > 32 && offset >= match) out.copyWithin(at, at - offset, at - offset + match)
      else if (match > 32 && offset === 1) out.fill(out[at - 1]!, at, at + match)
      else for (let i = at; i < at + match; i++) out[i] = out[i - offset]!
      at += match
    })
    copyLiterals(literals.size - used)
    this.#at = at
  }

  /** Passes on what was decompressed, and keeps the window. */
  async #makeRoom(): Promise<void> {
    await this.#hand()
    const from = Math.max(0, this.#at - this.#head.window)
    this.#out.copyWithin(0, from, this.#at)
    this.#at -= from
    this.#handed = this.#at
  }

  async #hand(): Promise<void> {
    const bytes = this.#out.subarray(this.#handed, this.#at)
    if (this.#head.hasChecksum) this.#checksum.update(bytes)
    this.#handed = this.#at
    await this.#onBytes(bytes)
  }
}
