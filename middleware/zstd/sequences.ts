import { BitsBackwards } from './bits-backwards.js'
import { fseTable, readFseTable, singleTable, type FseTable } from './fse-table.js'
import { ZstdError } from './zstd-error.js'

/**
 * One of the three codes of a sequence: its predefined table, and the limits of a table in the block.
 */
interface Code {
  readonly preset: FseTable
  readonly most: { readonly accuracy: number; readonly symbols: number }
}

const LITERALS_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
]
const MATCH_BITS = [...Array<number>(32).fill(0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
/** The base of each code: the values of the codes before it come first. */
const basesOf = (bits: readonly number[], first: number): number[] => {
  let base = first
  return bits.map(width => {
    const own = base
    base += 2 ** width
    return own
  })
}
const LITERALS_BASES = basesOf(LITERALS_BITS, 0)
const MATCH_BASES = basesOf(MATCH_BITS, 3)

/** Predefined tables (RFC 8878, 3.1.1.3.2.2). */
const LITERALS: Code = {
  preset: fseTable(
    [4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
    6,
  ),
  most: { accuracy: 9, symbols: 36 },
}
const MATCH: Code = {
  preset: fseTable(
    [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
    6,
  ),
  most: { accuracy: 9, symbols: 53 },
}
const OFFSET: Code = {
  preset: fseTable([1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1], 5),
  most: { accuracy: 8, symbols: 32 },
}
/** Bits of the largest offset that a window allows. */
const LONGEST_OFFSET = 28

/** Executes a sequence: copies `literals` literals, then `match` bytes from `offset` bytes back. */
export type OnSequence = (literals: number, match: number, offset: number) => void

/**
 * The sequences of a block (RFC 8878, 3.1.1.3.2). Later blocks of the frame may use the tables and the last offsets.
 */
export class Sequences {
  #tables: { literals?: FseTable; offset?: FseTable; match?: FseTable } = {}
  #offsets: [number, number, number] = [1, 4, 8]
  readonly #bits = new BitsBackwards()

  /** Starts a new frame. */
  forget(): void {
    this.#tables = {}
    this.#offsets = [1, 4, 8]
  }

  /** Reads the section from `at` to `end`, the end of the block. Throws ZstdError. */
  read(block: Uint8Array, at: number, end: number, onSequence: OnSequence): void {
    if (at >= end) throw new ZstdError('sequences that are cut off')
    let count = block[at++]!
    if (count === 255) {
      count = (block[at]! | (block[at + 1]! << 8)) + 0x7f00
      at += 2
    } else if (count >= 128) count = ((count - 128) << 8) + block[at++]!
    if (count === 0) {
      if (at !== end) throw new ZstdError('bytes behind the sequences')
      return
    }
    const modes = block[at++]!
    const table = (name: 'literals' | 'offset' | 'match', { preset, most }: Code, mode: number): FseTable => {
      const known = this.#tables[name]
      if (mode === 3 && !known) throw new ZstdError('sequences without a table')
      if (mode === 3 && known) return known
      if (mode === 0) return (this.#tables[name] = preset)
      if (mode === 1) {
        if (at >= end || block[at]! >= most.symbols) throw new ZstdError('a table of too many symbols')
        return (this.#tables[name] = singleTable(block[at++]!))
      }
      const read = readFseTable(block, at, end, most)
      at = read.end
      return (this.#tables[name] = read.table)
    }
    const literals = table('literals', LITERALS, modes >> 6)
    const offset = table('offset', OFFSET, (modes >> 4) & 3)
    const match = table('match', MATCH, (modes >> 2) & 3)
    const bits = this.#bits
    bits.begin(block, at, end)
    let literalsState = bits.read(literals.accuracy)
    let offsetState = bits.read(offset.accuracy)
    let matchState = bits.read(match.accuracy)
    for (let left = count; left > 0; left--) {
      const offsetCode = offset.symbols[offsetState]!
      if (offsetCode > LONGEST_OFFSET) throw new ZstdError('an offset that is too large')
      const high = offsetCode > 24 ? bits.read(offsetCode - 24) : 0
      const offsetValue = 2 ** offsetCode + (high << 24) + bits.read(Math.min(offsetCode, 24))
      const matchCode = match.symbols[matchState]!
      const matchLength = MATCH_BASES[matchCode]! + bits.read(MATCH_BITS[matchCode]!)
      const literalsCode = literals.symbols[literalsState]!
      const literalsLength = LITERALS_BASES[literalsCode]! + bits.read(LITERALS_BITS[literalsCode]!)
      if (left > 1) {
        literalsState = literals.bases[literalsState]! + bits.read(literals.bits[literalsState]!)
        matchState = match.bases[matchState]! + bits.read(match.bits[matchState]!)
        offsetState = offset.bases[offsetState]! + bits.read(offset.bits[offsetState]!)
      }
      if (bits.left < 0) throw new ZstdError('sequences that are cut off')
      onSequence(literalsLength, matchLength, this.#offset(offsetValue, literalsLength))
    }
    if (bits.left !== 0) throw new ZstdError('sequences that do not end where they should')
  }

  /** The offset of a value. Values up to 3 stand for one of the last three offsets (3.1.1.5). */
  #offset(value: number, literals: number): number {
    const offsets = this.#offsets
    if (value > 3) {
      offsets[2] = offsets[1]
      offsets[1] = offsets[0]
      return (offsets[0] = value - 3)
    }
    const index = literals === 0 ? value : value - 1
    if (index === 0) return offsets[0]
    const offset = index === 3 ? offsets[0] - 1 : offsets[index]!
    if (offset <= 0) throw new ZstdError('an offset of nothing')
    if (index > 1) offsets[2] = offsets[1]
    offsets[1] = offsets[0]
    return (offsets[0] = offset)
  }
}
