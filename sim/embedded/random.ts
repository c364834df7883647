/**
 * A seeded random number generator (sfc32, Chris Doty-Humphrey's Small Fast Counter). The same seed and label give the
 * same numbers on every machine.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1
  #spare = NaN

  /** `label` separates the streams of one seed ("episode 3", "wrench"), so that they do not affect each other. */
  constructor(seed: number, label: string) {
    const hash = hashText(`${seed}/${label}`)
    this.#a = hash(0)
    this.#b = hash(1)
    this.#c = hash(2)
    for (let i = 0; i < 15; i++) this.uint32()
  }

  /** An integer in [0, 2^32). */
  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A number in [0, 1) with 32 random bits. */
  unit(): number {
    return this.uint32() / 4294967296
  }

  /** A number in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.unit()
  }

  /** An integer in [0, count). */
  index(count: number): number {
    return Math.floor(this.unit() * count)
  }

  /** One of the items. Throws a RangeError for an empty list. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.index(items.length)]
    if (item === undefined) throw new RangeError('Random.pick: the list is empty')
    return item
  }

  /** A standard normal number (Marsaglia's polar method). */
  normal(): number {
    if (!Number.isNaN(this.#spare)) {
      const value = this.#spare
      this.#spare = NaN
      return value
    }
    let x: number, y: number, r: number
    do {
      x = 2 * this.unit() - 1
      y = 2 * this.unit() - 1
      r = x * x + y * y
    } while (r >= 1 || r === 0)
    const scale = Math.sqrt((-2 * Math.log(r)) / r)
    this.#spare = y * scale
    return x * scale
  }

  /** An exponentially distributed number with the given mean. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit())
  }

  /** The items in random order (Fisher-Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.index(i + 1)
      ;[copy[i], copy[j]] = [copy[j] as T, copy[i] as T]
    }
    return copy
  }
}

/** 32-bit hashes of a text by salt (FNV-1a with a final avalanche). */
function hashText(text: string): (salt: number) => number {
  return salt => {
    let h = (0x811c9dc5 ^ Math.imul(salt, 0x9e3779b1)) | 0
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) | 0
  }
}
