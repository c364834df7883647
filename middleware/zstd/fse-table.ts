import { ZstdError } from './zstd-error.js'

/**
 * A decoding table of finite state entropy (RFC 8878, 4.1). For each state: its symbol, and the base and the number of
 * bits of the next state.
 */
export interface FseTable {
  /** Bits of a state. */
  readonly accuracy: number
  readonly symbols: Uint8Array
  readonly bits: Uint8Array
  readonly bases: Uint16Array
}

/** Makes the table from normalised probabilities; -1 means "less than one". Throws ZstdError. */
export function fseTable(probabilities: readonly number[], accuracy: number): FseTable {
  const size = 1 << accuracy
  const symbols = new Uint8Array(size)
  const bits = new Uint8Array(size)
  const bases = new Uint16Array(size)
  const next = new Uint16Array(probabilities.length)
  let high = size
  probabilities.forEach((probability, symbol) => {
    if (probability !== -1) return
    symbols[--high] = symbol
    next[symbol] = 1
  })
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  probabilities.forEach((probability, symbol) => {
    if (probability <= 0) return
    next[symbol] = probability
    for (let i = 0; i < probability; i++) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  })
  if (at !== 0) throw new ZstdError('a table that does not close')
  for (let state = 0; state < size; state++) {
    const of = next[symbols[state]!]!++
    bits[state] = accuracy - (31 - Math.clz32(of))
    bases[state] = (of << bits[state]!) - size
  }
  return { accuracy, symbols, bits, bases }
}

/** The table that always gives the same symbol and uses no bits. */
export function singleTable(symbol: number): FseTable {
  return { accuracy: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) }
}

/** Parses a table's description (4.1.1). Returns the table and the byte behind it. Throws ZstdError. */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  most: { readonly accuracy: number; readonly symbols: number },
): { table: FseTable; end: number } {
  let at = start * 8
  const read = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i++, at++) value |= ((bytes[at >> 3]! >> (at & 7)) & 1) << i
    if (at > end * 8) throw new ZstdError('a table that is cut off')
    return value
  }
  const accuracy = read(4) + 5
  if (accuracy > most.accuracy) throw new ZstdError('a table that is too large')
  const probabilities: number[] = []
  let remaining = 1 << accuracy
  while (remaining > 0) {
    if (probabilities.length >= most.symbols) throw new ZstdError('a table of too many symbols')
    const width = 32 - Math.clz32(remaining + 1)
    const low = (1 << (width - 1)) - 1
    const short = (1 << width) - 2 - remaining
    // Small values take one bit less. That bit may lie behind the end, so it is read only when it is needed.
    let value = read(width - 1)
    if (value >= short) {
      value |= read(1) << (width - 1)
      if (value > low) value -= short
    }
    const probability = value - 1
    remaining -= Math.abs(probability)
    probabilities.push(probability)
    if (probability !== 0) continue
    for (let zeros = 3; zeros === 3; ) {
      zeros = read(2)
      for (let i = 0; i < zeros; i++) probabilities.push(0)
    }
  }
  if (remaining < 0 || probabilities.length > most.symbols) throw new ZstdError('a table of too many symbols')
  return { table: fseTable(probabilities, accuracy), end: (at + 7) >> 3 }
}
