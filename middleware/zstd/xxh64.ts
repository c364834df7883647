/** Primes of XXH64 as pairs of 32 bits, high and low. */
const P1 = [0x9e3779b1, 0x85ebca87] as const
const P2 = [0xc2b2ae3d, 0x27d4eb4f] as const
const P3 = [0x165667b1, 0x9e3779f9] as const
const P4 = [0x85ebca77, 0xc2b2ae63] as const
const P5 = [0x27d4eb2f, 0x165667c5] as const

/**
 * The low 32 bits of XXH64 with seed 0, which zstd writes behind a frame. Bytes may come in pieces. It computes with
 * pairs of 32 bits, because BigInt is a hundred times slower.
 */
export class Xxh64 {
  /** Four lanes of 64 bits, each as its high and its low half. */
  readonly #lanes = new Int32Array(8)
  readonly #stripe = new Uint8Array(32)
  #filled = 0
  #total = 0

  constructor() {
    const set = (lane: number, [high, low]: readonly [number, number]): void => {
      this.#lanes[2 * lane] = high
      this.#lanes[2 * lane + 1] = low
    }
    set(0, sum(P1, P2))
    set(1, P2)
    set(2, [0, 0])
    set(3, difference([0, 0], P1))
  }

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    this.#total += bytes.length
    let at = 0
    if (this.#filled > 0) {
      at = Math.min(bytes.length, 32 - this.#filled)
      this.#stripe.set(bytes.subarray(0, at), this.#filled)
      this.#filled += at
      if (this.#filled < 32) return
      this.#take(this.#stripe, 0)
      this.#filled = 0
    }
    for (; at + 32 <= bytes.length; at += 32) this.#take(bytes, at)
    this.#stripe.set(bytes.subarray(at))
    this.#filled = bytes.length - at
  }

  /** The checksum of all bytes so far. */
  digest(): number {
    let hash: readonly [number, number]
    if (this.#total >= 32) {
      const lane = (i: number): readonly [number, number] => [this.#lanes[2 * i]!, this.#lanes[2 * i + 1]!]
      hash = [1, 7, 12, 18].map((by, i) => rotate(lane(i), by)).reduce(sum)
      for (let i = 0; i < 4; i++) hash = sum(product(xor(hash, round([0, 0], lane(i))), P1), P4)
    } else hash = P5
    hash = sum(hash, [Math.floor(this.#total / 2 ** 32), this.#total | 0])
    const view = new DataView(this.#stripe.buffer)
    let at = 0
    for (; at + 8 <= this.#filled; at += 8) {
      hash = sum(
        product(rotate(xor(hash, round([0, 0], [view.getInt32(at + 4, true), view.getInt32(at, true)])), 27), P1),
        P4,
      )
    }
    if (at + 4 <= this.#filled) {
      hash = sum(product(rotate(xor(hash, product([0, view.getInt32(at, true)], P1)), 23), P2), P3)
      at += 4
    }
    for (; at < this.#filled; at++) hash = product(rotate(xor(hash, product([0, this.#stripe[at]!], P5)), 11), P1)
    hash = product(xor(hash, shift(hash, 33)), P2)
    hash = product(xor(hash, shift(hash, 29)), P3)
    return xor(hash, shift(hash, 32))[1] >>> 0
  }

  /** Adds a stripe: lane = rotate(lane + input * P2, 31) * P1. No object is allocated. */
  #take(bytes: Uint8Array, from: number): void {
    const lanes = this.#lanes
    for (let i = 0; i < 8; i += 2) {
      const at = from + 4 * i
      const inLow = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      const inHigh = bytes[at + 4]! | (bytes[at + 5]! << 8) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 24)
      const productHigh = highOf(inHigh, inLow, P2[0], P2[1])
      const productLow = Math.imul(inLow, P2[1])
      const low = (lanes[i + 1]! >>> 0) + (productLow >>> 0)
      const high = (lanes[i]! + productHigh + (low >= 2 ** 32 ? 1 : 0)) | 0
      const turnedHigh = (high << 31) | ((low | 0) >>> 1)
      const turnedLow = (low << 31) | (high >>> 1)
      lanes[i] = highOf(turnedHigh, turnedLow, P1[0], P1[1])
      lanes[i + 1] = Math.imul(turnedLow, P1[1])
    }
  }
}

type Pair = readonly [high: number, low: number]

/** The high half of a product of two pairs. */
function highOf(aHigh: number, aLow: number, bHigh: number, bLow: number): number {
  const [a0, a1, b0, b1] = [aLow & 0xffff, aLow >>> 16, bLow & 0xffff, bLow >>> 16]
  const [p01, p10] = [a0 * b1, a1 * b0]
  const middle = (Math.imul(a0, b0) >>> 16) + (p01 & 0xffff) + (p10 & 0xffff)
  return (
    (Math.imul(a1, b1) +
      (p01 >>> 16) +
      (p10 >>> 16) +
      (middle >>> 16) +
      Math.imul(aHigh, bLow) +
      Math.imul(aLow, bHigh)) |
    0
  )
}

const product = (a: Pair, b: Pair): Pair => [highOf(a[0], a[1], b[0], b[1]), Math.imul(a[1], b[1])]
const xor = (a: Pair, b: Pair): Pair => [a[0] ^ b[0], a[1] ^ b[1]]
const sum = (a: Pair, b: Pair): Pair => {
  const low = (a[1] >>> 0) + (b[1] >>> 0)
  return [(a[0] + b[0] + (low >= 2 ** 32 ? 1 : 0)) | 0, low | 0]
}
const difference = (a: Pair, b: Pair): Pair => sum(a, sum([~b[0], ~b[1]], [0, 1]))
const rotate = ([high, low]: Pair, by: number): Pair =>
  by < 32 ? [(high << by) | (low >>> (32 - by)), (low << by) | (high >>> (32 - by))] : rotate([low, high], by - 32)
const shift = ([high, low]: Pair, by: number): Pair =>
  by === 32 ? [0, high] : by > 32 ? [0, high >>> (by - 32)] : [high >>> by, (high << (32 - by)) | (low >>> by)]
const round = (lane: Pair, input: Pair): Pair => product(rotate(sum(lane, product(input, P2)), 31), P1)
