/** The words of one language that a stop and its end are told by, in lower case. Where two words are given as one entry they stand beside each other. */
export interface Words {
  readonly stop: readonly string[]
  /** What takes a stop word back that follows directly. */
  readonly negation: readonly string[]
  /** A whole utterance that ends a stop. */
  readonly resume: readonly string[]
  /** Words that mean something else and are one letter away from a stop word. */
  readonly ordinary: readonly string[]
  /** Written without spaces: a word is found anywhere in the text. */
  readonly joined?: boolean
}
