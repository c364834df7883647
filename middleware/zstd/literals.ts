import { BitsBackwards } from './bits-backwards.js'
import { readFseTable } from './fse-table.js'
import { ZstdError } from './zstd-error.js'

/** Bits of the longest code of a literal. */
const LONGEST = 11

/** By the next `width` bits: the literal, and the number of bits that its code takes. */
interface Huffman {
  readonly width: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
}

/** The literals of a block (RFC 8878, 3.1.1.3.1). Later blocks of the frame may use the same Huffman table. */
export class Literals {
  /** Valid up to `size`. */
  readonly bytes = new Uint8Array(1 << 17)
  size = 0
  #huffman: Huffman | undefined
  readonly #bits = new BitsBackwards()

  /** Reads the section at `at` of a block that ends at `end`. Returns the byte behind it. Throws ZstdError. */
  read(block: Uint8Array, at: number, end: number): number {
    const kind = block[at]! & 3
    const format = (block[at]! >> 2) & 3
    const head = block[at]! | (block[at + 1]! << 8) | (block[at + 2]! << 16)
    if (kind < 2) {
      const length = format === 1 ? 2 : format === 3 ? 3 : 1
      this.#resize(length === 1 ? block[at]! >> 3 : length === 2 ? (head & 0xffff) >> 4 : head >> 4)
      const start = at + length
      const stop = start + (kind === 0 ? this.size : 1)
      if (stop > end) throw new ZstdError('literals that are cut off')
      if (kind === 0) this.bytes.set(block.subarray(start, stop))
      else this.bytes.fill(block[start]!, 0, this.size)
      return stop
    }
    const width = format < 2 ? 10 : format === 2 ? 14 : 18
    const length = format < 2 ? 3 : format + 2
    const high = (block[at + 3]! | (block[at + 4]! << 8)) * 2 ** 24 + (head >>> 0)
    const sizes = Math.floor(high / 16)
    this.#resize(sizes % 2 ** width)
    const packed = Math.floor(sizes / 2 ** width) % 2 ** width
    const start = at + length
    const stop = start + packed
    if (stop > end) throw new ZstdError('literals that are cut off')
    this.#decode(block, kind === 2 ? this.#readTable(block, start, stop) : start, stop, format === 0)
    return stop
  }

  /** Starts a new frame: a Huffman table belongs to one frame. */
  forget(): void {
    this.#huffman = undefined
  }

  #resize(size: number): void {
    if (size > this.bytes.length) throw new ZstdError('too many literals')
    this.size = size
  }

  #decode(block: Uint8Array, start: number, end: number, single: boolean): void {
    const huffman = this.#huffman
    if (!huffman) throw new ZstdError('literals without a table')
    if (single) return this.#stream(huffman, block, start, end, 0, this.size)
    if (start + 6 > end) throw new ZstdError('literals that are cut off')
    const each = (this.size + 3) >> 2
    let from = start + 6
    for (let i = 0; i < 4; i++) {
      const to = i === 3 ? end : from + (block[start + 2 * i]! | (block[start + 2 * i + 1]! << 8))
      const until = i === 3 ? this.size : each * (i + 1)
      if (to > end || each * i > until || until > this.size) throw new ZstdError('literals that are cut off')
      this.#stream(huffman, block, from, to, each * i, until)
      from = to
    }
  }

  #stream(
    { width, symbols, bits }: Huffman,
    block: Uint8Array,
    start: number,
    end: number,
    from: number,
    to: number,
  ): void {
    const stream = this.#bits
    const out = this.bytes
    stream.begin(block, start, end)
    for (let i = from; i < to; i++) {
      const code = stream.peek(width)
      out[i] = symbols[code]!
      stream.left -= bits[code]!
    }
    if (stream.left !== 0) throw new ZstdError('literals that do not end where they should')
  }

  /** Reads the Huffman tree (4.2.1) and returns the byte behind it. */
  #readTable(block: Uint8Array, start: number, end: number): number {
    const head = block[start]!
    const weights: number[] = []
    let stop: number
    if (head >= 128) {
      const count = head - 127
      stop = start + 1 + ((count + 1) >> 1)
      for (let i = 0; i < count; i++) weights.push((block[start + 1 + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15)
    } else {
      stop = start + 1 + head
      if (stop <= end) this.#readWeights(block, start + 1, stop, weights)
    }
    if (stop > end) throw new ZstdError('a tree that is cut off')
    this.#huffman = huffmanOf(weights)
    return stop
  }

  /** Reads weights that are compressed with two alternating states. */
  #readWeights(block: Uint8Array, start: number, stop: number, weights: number[]): void {
    const { table, end } = readFseTable(block, start, stop, { accuracy: 6, symbols: 13 })
    const stream = this.#bits
    stream.begin(block, end, stop)
    let one = stream.read(table.accuracy)
    let other = stream.read(table.accuracy)
    for (;;) {
      if (weights.length > 254) throw new ZstdError('a tree of too many symbols')
      weights.push(table.symbols[one]!)
      one = table.bases[one]! + stream.read(table.bits[one]!)
      if (stream.left < 0) {
        weights.push(table.symbols[other]!)
        return
      }
      const swapped = one
      one = other
      other = swapped
    }
  }
}

/** A weight w > 0 is a code of width + 1 - w bits. The weight of the last symbol follows from the others. */
function huffmanOf(weights: readonly number[]): Huffman {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 2 ** (weight - 1) : 0), 0)
  const width = sum === 0 ? 0 : 32 - Math.clz32(sum)
  const last = 32 - Math.clz32((1 << width) - sum)
  if (width === 0 || width > LONGEST || (1 << width) - sum !== 1 << (last - 1))
    throw new ZstdError('a tree that is not complete')
  const all = [...weights, last]
  const symbols = new Uint8Array(1 << width)
  const bits = new Uint8Array(1 << width)
  let at = 0
  for (let weight = 1; weight <= width; weight++) {
    all.forEach((of, symbol) => {
      if (of !== weight) return
      const next = at + (1 << (weight - 1))
      symbols.fill(symbol, at, next)
      bits.fill(width + 1 - weight, at, next)
      at = next
    })
  }
  return { width, symbols, bits }
}
