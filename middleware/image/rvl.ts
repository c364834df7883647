import { ImageError } from './image-error.js'

/**
 * Reads depth samples of 16 bits compressed with RVL (A. D. Wilson, "Fast Lossless Depth Image Compression", ISS 2017).
 * Runs of zeros and runs of samples alternate; the length of each comes before it. A sample is the zigzag-encoded
 * difference to the last sample that was not zero. A number is a row of nibbles, the lowest first: three bits of the
 * number, and a fourth bit that is set when another nibble follows. Nibbles fill little-endian words of 32 bits from
 * the top.
 */
export class RvlReader {
  readonly #bytes: DataView
  #offset = 0
  #word = 0
  #nibbles = 0
  #zeros = 0
  #samples = 0
  #previous = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /**
   * Reads the next samples into `out`, from index `from` up to `to`. Throws ImageError `undecodable` when the bytes end
   * too early.
   */
  read(out: Uint16Array, from: number, to: number): void {
    for (let i = from; i < to; ) {
      if (this.#zeros === 0 && this.#samples === 0) {
        this.#zeros = this.#number()
        this.#samples = this.#number()
        if (this.#zeros === 0 && this.#samples === 0) throw new ImageError('undecodable', 'RVL: a run of nothing')
      }
      for (; i < to && this.#zeros > 0; this.#zeros--) out[i++] = 0
      for (; i < to && this.#zeros === 0 && this.#samples > 0; this.#samples--) {
        const zigzag = this.#number()
        this.#previous = (this.#previous + ((zigzag >>> 1) ^ -(zigzag & 1))) & 0xffff
        out[i++] = this.#previous
      }
    }
  }

  #number(): number {
    let number = 0
    for (let shift = 0; shift < 32; shift += 3) {
      if (this.#nibbles === 0) {
        if (this.#offset + 4 > this.#bytes.byteLength) throw new ImageError('undecodable', 'RVL: cut off')
        this.#word = this.#bytes.getUint32(this.#offset, true)
        this.#offset += 4
        this.#nibbles = 8
      }
      const nibble = this.#word >>> 28
      this.#word <<= 4
      this.#nibbles--
      number |= (nibble & 7) << shift
      if (nibble < 8) return number >>> 0
    }
    throw new ImageError('undecodable', 'RVL: a number of more than 32 bits')
  }
}
