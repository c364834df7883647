/**
 * Limits on the memory and time that a recording may use. A few kilobytes can claim to hold gigabytes, so a claim above
 * these limits counts as damage.
 */

/** Bytes of the largest message. */
export const LARGEST_MESSAGE = 128 << 20
/** Bytes of the largest chunk or message after decompression. Decompression needs a multiple of it for a moment. */
export const LARGEST_UNPACKED = 64 << 20
/** Bytes of the largest chunk that is read at once. An uncompressed chunk may be larger; it is read in parts. */
export const LARGEST_CHUNK = 64 << 20
/**
 * Bytes that a file may decompress to in all: a fixed amount, and an amount for each of its own bytes. A single black
 * picture compresses very well, but a whole recording does not.
 */
const FREE_BYTES = 2 ** 31
const BYTES_EACH = 250
/** Number of messages in the compressed chunks of a file: a fixed amount, and an amount for each of its bytes. */
const FREE_MESSAGES = 2 ** 20
const MESSAGES_EACH = 8

/** Bytes that a file of `packed` bytes may decompress to. */
export function mostUnpacked(packed: number): number {
  return FREE_BYTES + BYTES_EACH * packed
}

/** The rest of what a file of `packed` bytes may still decompress to. */
export class UnpackBudget {
  #bytes: number
  #messages: number

  constructor(packed: number) {
    this.#bytes = mostUnpacked(packed)
    this.#messages = FREE_MESSAGES + MESSAGES_EACH * packed
  }

  /** Throws an Error when the budget is used up. */
  take(bytes: number, messages = 0): void {
    this.#bytes -= bytes
    this.#messages -= messages
    if (this.#bytes < 0 || this.#messages < 0) throw new Error('it unpacks to far more than a recording of its size')
  }
}
