import { LARGEST_BLOCK, type BlockHead, type FrameHead } from './frame.js'
import { Literals } from './literals.js'
import { Sequences } from './sequences.js'
import { Xxh64 } from './xxh64.js'
import { ZstdError } from './zstd-error.js'

/** The largest window that is kept: what `zstd --long` asks for. */
const LARGEST_WINDOW = 1 << 27
/** Unpacked bytes that are handed on at once, about. */
const STRETCH = 1 << 22

/** Takes unpacked bytes, which change after it has answered. */
export type OnBytes = (bytes: Uint8Array) => Promise<void>

/**
 * Unpacks one frame of zstd (RFC 8878) block by block: memory holds its window, however large the frame is. The decoder
 * in WebAssembly that unpacks chunks takes whole frames only.
 */
export class FrameDecoder {
  readonly #head: FrameHead
  readonly #onBytes: OnBytes
  /** The window, and behind it what was unpacked since. */
  readonly #out: Uint8Array
  #at = 0
  #handed = 0
  #total = 0
  readonly #literals = new Literals()
  readonly #sequences = new Sequences()
  readonly #checksum = new Xxh64()

  /** Throws ZstdError where the window is too large. */
  constructor(head: FrameHead, onBytes: OnBytes) {
    if (head.window > LARGEST_WINDOW)
      throw new ZstdError(`the zstd frame needs a window of ${head.window} bytes: at most ${LARGEST_WINDOW} are kept`)
    this.#head = head
    this.#onBytes = onBytes
    this.#out = new Uint8Array(head.window + STRETCH + LARGEST_BLOCK)
  }

  /** Unpacks a block that lies in `bytes` from `start` on; eight bytes behind it must be readable. Throws ZstdError. */
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

  /** After the last block. `checksum`: as it stands behind the frame. */
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

  /** Hands on what is unpacked and keeps the window. */
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
