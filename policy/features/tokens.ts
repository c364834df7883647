/** Index of the word that fills up. */
const PAD_INDEX = 0
/** Index of every word that the vocabulary lacks. */
const UNKNOWN_INDEX = 1

/** Words of a text: lower case, of letters and digits of any script; everything else separates. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}

/** Texts as indices into a vocabulary. */
export class Tokenizer {
  readonly #indices: ReadonlyMap<string, number>

  /**
   * @param vocabulary its first two entries stand for the padding and for unknown words; they are never matched by a
   * text.
   */
  constructor(vocabulary: readonly string[]) {
    this.#indices = new Map(vocabulary.map((word, index) => [word, index]))
  }

  /**
   * Writes `length` words of a text at `out[offset…]`, filled up with padding. Of a longer text the unknown words go
   * first, then the known ones, each from its beginning: what is meant is said last, mostly ("no, not the red one, I
   * meant the green one").
   */
  write(text: string, out: BigInt64Array, offset: number, length: number): void {
    out.fill(BigInt(PAD_INDEX), offset, offset + length)
    const indices = words(text).map(word => this.#indices.get(word) ?? UNKNOWN_INDEX)
    let beyond = indices.length - length
    const kept = indices.filter(index => index !== UNKNOWN_INDEX || beyond-- <= 0)
    kept.slice(Math.max(kept.length - length, 0)).forEach((index, i) => {
      out[offset + i] = BigInt(index)
    })
  }
}
