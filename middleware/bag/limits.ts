/**
 * What a recording may ask of memory and time, whatever its bytes claim: a few kilobytes can claim gigabytes. Larger claims are taken for damage.
 */

/** Bytes of one message; the largest picture that is decoded has 100 MB. */
export const LARGEST_MESSAGE = 128 << 20
/** Bytes of what is unpacked at once: a chunk, or a message. */
export const LARGEST_UNPACKED = 128 << 20
/** Bytes of a chunk that is not packed: its file is at least as large. */
export const LARGEST_CHUNK = 256 << 20
/** Bytes of all that is unpacked of a file for each of its own, besides `FREE_UNPACKED`: pictures of nothing pack well, whole recordings do not. */
const MOST_RATIO = 250
const FREE_UNPACKED = 2 ** 31

/** Bytes that `packed` bytes may become in all. */
export function mostUnpacked(packed: number): number {
  return FREE_UNPACKED + MOST_RATIO * packed
}

/** What a file of `packed` bytes may still unpack to. */
export class UnpackBudget {
  #left: number

  constructor(packed: number) {
    this.#left = mostUnpacked(packed)
  }

  /** Throws Error once it is used up. */
  take(bytes: number): void {
    this.#left -= bytes
    if (this.#left < 0) throw new Error('it unpacks to far more than a recording of its size')
  }
}
