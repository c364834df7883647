import { ENCAPSULATION } from './cdr-input.js'

/** Writes little-endian CDR into one buffer. `size`: its bytes, exact or as an upper bound. */
export class CdrOutput {
  readonly bytes: Buffer
  #at = ENCAPSULATION

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.bytes.writeUInt32BE(0x00010000, 0)
  }

  /** The bytes written so far. It is the whole message when `size` was only an upper bound. */
  get written(): Buffer {
    return this.bytes.subarray(0, this.#at)
  }

  uint8(value: number): this {
    this.bytes[this.#align(1, 1)] = value
    return this
  }

  uint32(value: number): this {
    this.bytes.writeUInt32LE(value, this.#align(4, 4))
    return this
  }

  int32(value: number): this {
    this.bytes.writeInt32LE(value, this.#align(4, 4))
    return this
  }

  float64(value: number): this {
    this.bytes.writeDoubleLE(value, this.#align(8, 8))
    return this
  }

  float32(value: number): this {
    this.bytes.writeFloatLE(value, this.#align(4, 4))
    return this
  }

  string(text: string): this {
    const length = Buffer.byteLength(text)
    this.uint32(length + 1)
    const at = this.#align(1, length + 1)
    this.bytes.write(text, at, 'utf8')
    this.bytes[at + length] = 0
    return this
  }

  /** uint8[] */
  block(data: Uint8Array): this {
    this.uint32(data.length)
    this.bytes.set(data, this.#align(1, data.length))
    return this
  }

  /** float64[N] */
  float64s(values: Iterable<number>): this {
    for (const value of values) this.float64(value)
    return this
  }

  /** float32[N] */
  float32s(values: Iterable<number>): this {
    for (const value of values) this.float32(value)
    return this
  }

  #align(alignment: number, length: number): number {
    const end = this.#at + ((alignment - ((this.#at - ENCAPSULATION) % alignment)) % alignment)
    this.bytes.fill(0, this.#at, end)
    this.#at = end + length
    return end
  }
}

/** Adds up the size of a message field by field, with the alignment of CdrOutput. */
export class CdrSize {
  total = ENCAPSULATION

  add(alignment: number, length: number): this {
    this.total += ((alignment - ((this.total - ENCAPSULATION) % alignment)) % alignment) + length
    return this
  }

  string(text: string): this {
    return this.add(4, 4 + Buffer.byteLength(text) + 1)
  }
}
