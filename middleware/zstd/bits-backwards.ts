import { ZstdError } from './zstd-error.js'

/**
 * Reads a bit stream from its end to its beginning, as zstd's entropy coders write it. Before the beginning all bits
 * are zero.
 */
export class BitsBackwards {
  #bytes: Uint8Array = new Uint8Array()
  #start = 0
  /** Number of bits left; negative when more bits were read than there are. */
  left = 0

  /** Starts at `end`. Four bytes behind it must be readable. The highest set bit of the last byte marks the end. */
  begin(bytes: Uint8Array, start: number, end: number): void {
    if (end <= start || bytes[end - 1] === 0) throw new ZstdError('a stream of bits without an end')
    this.#bytes = bytes
    this.#start = start
    this.left = (end - start) * 8 - (Math.clz32(bytes[end - 1]!) - 23)
  }

  /** The next bits (at most 25) without moving on. */
  peek(count: number): number {
    const at = this.left - count
    if (at >= 0) return (this.#word(at >> 3) >>> (at & 7)) & ((1 << count) - 1)
    if (this.left <= 0) return 0
    return ((this.#word(0) & ((1 << this.left) - 1)) << -at) & ((1 << count) - 1)
  }

  /** The next bits (at most 25). */
  read(count: number): number {
    const value = this.peek(count)
    this.left -= count
    return value
  }

  #word(byte: number): number {
    const bytes = this.#bytes
    const at = this.#start + byte
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  }
}
