/** Index of the word that fills up. */
export const PAD_INDEX = 0
/** Index of every word that the vocabulary lacks. */
export const UNKNOWN_INDEX = 1

/** Words of a text: lower case, of letters and digits of any script; everything else separates. */
export function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}

/** Texts as indices into a vocabulary. */
export class Tokenizer {
  readonly #indices: ReadonlyMap<string, number>

  /** @param vocabulary its first two entries stand for the padding and for unknown words; they are never matched by a text. */
  constructor(vocabulary: readonly string[]) {
    this.#indices = new Map(vocabulary.map((word, index) => [word, index]))
  }

  /** Writes the first `length` words of a text at `out[offset…]`, filled up with padding. */
  write(text: string, out: BigInt64Array, offset: number, length: number): void {
    out.fill(BigInt(PAD_INDEX), offset, offset + length)
    const found = words(text)
    for (let i = 0; i < Math.min(length, found.length); i++) out[offset + i] = BigInt(this.#indices.get(found[i]) ?? UNKNOWN_INDEX)
  }
}
