/**
 * What a bag may do to its user. Codes: BAG_MISSING, BAG_EMPTY, BAG_FORMAT, BAG_METADATA, BAG_NO_INDEX, BAG_COMPRESSION, BAG_SPACE (no room for a private copy),
 * BAG_BUSY (written at the same time), BAG_DAMAGED (nothing can be read at all), BAG_EXISTS, BAG_WRITE, BAG_TYPE.
 */
export class BagError extends Error {
  readonly code: string
  readonly exit = 2

  constructor(code: string, message: string) {
    super(message)
    this.name = 'BagError'
    this.code = code
  }
}

/** The bag is readable up to here and no further. Never leaves this folder: a reader meets it as `bag.damage`. */
export class BagDamage extends Error {}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
