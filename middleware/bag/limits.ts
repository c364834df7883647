/**
 * What a recording may ask of memory and time, whatever its bytes claim: a few kilobytes can claim gigabytes. Larger
 * claims are taken for damage.
 */

/** Bytes of one message. */
export const LARGEST_MESSAGE = 128 << 20
/** Bytes of what is unpacked at once, a chunk or a message; unpacking needs a multiple of it for a moment. */
export const LARGEST_UNPACKED = 64 << 20
/** Bytes of a chunk that is read at once; one that is not packed may be larger and is read in parts. */
export const LARGEST_CHUNK = 64 << 20
/**
 * Bytes of all that is unpacked of a file, besides so many for each of its own: pictures of nothing pack well, whole
 * recordings do not.
 */
const FREE_BYTES = 2 ** 31
const BYTES_EACH = 250
/** Messages in the packed chunks of a file, besides so many for each of its bytes. */
const FREE_MESSAGES = 2 ** 20
const MESSAGES_EACH = 8

/** Bytes that a file of `packed` bytes may become in all. */
export function mostUnpacked(packed: number): number {
  return FREE_BYTES + BYTES_EACH * packed
}

/** What a file of `packed` bytes may still unpack to. */
export class UnpackBudget {
  #bytes: number
  #messages: number

  constructor(packed: number) {
    this.#bytes = mostUnpacked(packed)
    this.#messages = FREE_MESSAGES + MESSAGES_EACH * packed
  }

  /** Throws Error once it is used up. */
  take(bytes: number, messages = 0): void {
    this.#bytes -= bytes
    this.#messages -= messages
    if (this.#bytes < 0 || this.#messages < 0) throw new Error('it unpacks to far more than a recording of its size')
  }
}
