/** Index of the padding. */
const PAD_INDEX = 0
/** Index of all words that the vocabulary lacks. */
const UNKNOWN_INDEX = 1

/**
 * The words of a text, in lower case. A word has letters and digits of any script; all other characters separate words.
 */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}

/** Turns texts into indices of a vocabulary. */
export class Tokenizer {
  readonly #indices: ReadonlyMap<string, number>

  /**
   * @param vocabulary its first two entries stand for the padding and for unknown words. No word of a text matches
   * them.
   */
  constructor(vocabulary: readonly string[]) {
    this.#indices = new Map(vocabulary.map((word, index) => [word, index]))
  }

  /**
   * Writes `length` word indices of a text to out[offset …] and fills up with padding. Of a longer text, unknown words
   * are left out first, then known ones, each from the beginning of the text: the end usually says what is meant ("no,
   * not the red one, I meant the green one").
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
