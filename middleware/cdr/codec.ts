/** Converts the bytes of one message type to its message and back. */
export interface Codec<T> {
  /** The message may be one object that the next call overwrites; pixels are views of `bytes`. Throws CdrError. */
  decode(bytes: Uint8Array, epochSec: number): T
  encode(message: T, epochSec: number): Uint8Array
  /** Bytes of a former layout in today's; bytes of today's layout themselves. Left out: there was no other. */
  current?(bytes: Uint8Array): Uint8Array
}
