/**
 * The words of one language for a stop and its end, in lower case. An entry with several words means these words in a
 * row.
 */
export interface Words {
  /**
   * Stop words, and phrases that forbid motion ("don't move"). An entry that contains a negation cannot be negated
   * again.
   */
  readonly stop: readonly string[]
  /**
   * Verbs that mean stop together with a particle. The particle stands behind the verb in the same phrase, directly or
   * later ("halten Sie bitte an").
   */
  readonly separable?: readonly { readonly forms: readonly string[]; readonly particles: readonly string[] }[]
  /** Words that negate the stop word directly behind them. */
  readonly negation: readonly string[]
  /** Whole utterances that end a stop. */
  readonly resume: readonly string[]
  /**
   * Words that mean something else and are one letter away from a stop word. Where the language is `joined`: words that
   * end like a negation.
   */
  readonly ordinary: readonly string[]
  /** The language is written without spaces, so a word is found anywhere in the text. */
  readonly joined?: boolean
}
