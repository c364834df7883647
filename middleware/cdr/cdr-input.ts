import { CdrError } from './cdr-error.js'

/** Bytes of the encapsulation header. Alignment counts from its end. */
export const ENCAPSULATION = 4

/**
 * True for little-endian CDR, false for big-endian. Throws CDR_HEADER for any other encapsulation (OMG DDS-RTPS 10.5).
 */
export function isLittleEndian(bytes: Uint8Array): boolean {
  if (bytes.length < ENCAPSULATION)
    throw new CdrError('CDR_TRUNCATED', `expected a CDR header of 4 bytes, got ${bytes.length} bytes`)
  if (bytes[0] !== 0 || bytes[1]! > 1) {
    throw new CdrError(
      'CDR_HEADER',
      `expected plain CDR (0x0000 or 0x0001), got 0x${Buffer.from(bytes.subarray(0, 2)).toString('hex')}`,
    )
  }
  return bytes[1] === 1
}

/**
 * Reads CDR in place. One object serves all messages: `reset` moves it to the next one. Reading numbers allocates
 * nothing. All methods throw CdrError CDR_TRUNCATED when the bytes end too early.
 */
export class CdrInput {
  #bytes: Uint8Array = new Uint8Array(0)
  #little = true
  #at = 0
  readonly #word = new Uint8Array(8)
  readonly #float64 = new Float64Array(this.#word.buffer)
  readonly #float32 = new Float32Array(this.#word.buffer)
  /** The string that was read last, because frame ids repeat from message to message. */
  #text = ''
  #textBytes: Uint8Array = new Uint8Array(0)

  reset(bytes: Uint8Array): void {
    this.#little = isLittleEndian(bytes)
    this.#bytes = bytes
    this.#at = ENCAPSULATION
  }

  /** Whether bytes are left. */
  get more(): boolean {
    return this.#at < this.#bytes.length
  }

  uint8(): number {
    return this.#bytes[this.#take(1, 1)]!
  }

  uint32(): number {
    const b = this.#bytes
    const at = this.#take(4, 4)
    return (
      (this.#little
        ? b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)
        : b[at + 3]! | (b[at + 2]! << 8) | (b[at + 1]! << 16) | (b[at]! << 24)) >>> 0
    )
  }

  int32(): number {
    return this.uint32() | 0
  }

  float64(): number {
    const at = this.#take(8, 8)
    for (let i = 0; i < 8; i++) this.#word[this.#little ? i : 7 - i] = this.#bytes[at + i]!
    return this.#float64[0]!
  }

  float32(): number {
    const at = this.#take(4, 4)
    for (let i = 0; i < 4; i++) this.#word[this.#little ? i : 3 - i] = this.#bytes[at + i]!
    return this.#float32[0]!
  }

  string(): string {
    const length = this.uint32()
    const start = this.#take(1, length)
    const end = length > 0 && this.#bytes[start + length - 1] === 0 ? start + length - 1 : start + length
    if (!this.#sameText(start, end)) {
      const copy = Buffer.from(this.#bytes.subarray(start, end))
      this.#textBytes = copy
      this.#text = copy.toString('utf8')
    }
    return this.#text
  }

  /** uint8[]: a view of the message's own bytes. */
  view(): Uint8Array {
    const length = this.uint32()
    const start = this.#take(1, length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Passes a sequence of numbers of `size` bytes each. */
  skipSequence(size: number): void {
    const length = this.uint32()
    if (length > 0) this.#take(size, size * length)
  }

  #sameText(start: number, end: number): boolean {
    if (end - start !== this.#textBytes.length) return false
    for (let i = 0; i < this.#textBytes.length; i++) if (this.#bytes[start + i] !== this.#textBytes[i]) return false
    return true
  }

  /** Aligns, checks the length and moves on by `length` bytes. Returns where they begin. */
  #take(alignment: number, length: number): number {
    const start = this.#at + ((alignment - ((this.#at - ENCAPSULATION) % alignment)) % alignment)
    if (start + length > this.#bytes.length) {
      throw new CdrError(
        'CDR_TRUNCATED',
        `expected ${length} bytes at byte ${start} of the message, got ${Math.max(0, this.#bytes.length - start)}`,
      )
    }
    this.#at = start + length
    return start
  }
}
