/**
 * What a bag may do to its user. Codes: BAG_MISSING, BAG_EMPTY, BAG_FORMAT, BAG_METADATA, BAG_COMPRESSION, BAG_SPACE
 * (no room for a private copy), BAG_BUSY (written at the same time), BAG_DAMAGED (nothing can be read at all),
 * BAG_EXISTS, BAG_WRITE.
 */
export class BagError extends Error {
  readonly code: string
  /** 2: bad input or bad use; 1: it went well up to there. */
  readonly exit: 1 | 2

  constructor(code: string, message: string, exit: 1 | 2 = 2) {
    super(message)
    this.name = 'BagError'
    this.code = code
    this.exit = exit
  }
}

/** The bag is readable up to here and no further. Never leaves this folder: a reader meets it as `bag.damage`. */
export class BagDamage extends Error {}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
