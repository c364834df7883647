/**
 * The words of one language that a stop and its end are told by, in lower case. Where several words are given as one
 * entry they stand beside each other.
 */
export interface Words {
  /**
   * Also what forbids to move ("don't move"): an entry that has a negation in it cannot be taken back by another one.
   */
  readonly stop: readonly string[]
  /**
   * Verbs that mean stop together with a particle, which stands behind them in the same phrase, directly or later
   * ("halten Sie bitte an").
   */
  readonly separable?: readonly { readonly forms: readonly string[]; readonly particles: readonly string[] }[]
  /** What takes a stop word back that follows directly. */
  readonly negation: readonly string[]
  /** A whole utterance that ends a stop. */
  readonly resume: readonly string[]
  /**
   * Words that mean something else and are one letter away from a stop word or, where it is `joined`, end like a
   * negation.
   */
  readonly ordinary: readonly string[]
  /** Written without spaces: a word is found anywhere in the text. */
  readonly joined?: boolean
}
