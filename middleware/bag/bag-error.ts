/**
 * An error of reading or writing a bag. Codes: BAG_MISSING, BAG_EMPTY, BAG_FORMAT, BAG_METADATA, BAG_COMPRESSION,
 * BAG_SPACE (no room for the decompressed copy), BAG_BUSY (another program writes the bag), BAG_DAMAGED (no message can
 * be read), BAG_EXISTS, BAG_WRITE.
 */
export class BagError extends Error {
  readonly code: string
  /** The command's exit status. 2: bad input or bad use; 1: a part of the work succeeded. */
  readonly exit: 1 | 2

  constructor(code: string, message: string, exit: 1 | 2 = 2) {
    super(message)
    this.name = 'BagError'
    this.code = code
    this.exit = exit
  }
}

/**
 * The bag can be read only up to here. It is thrown inside this folder alone; readers find its text in `bag.damage`.
 */
export class BagDamage extends Error {}
