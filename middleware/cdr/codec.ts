/** Bytes of one message type to its message and back. */
export interface Codec<T> {
  /** The message may be one object that the next call refills; pixel data are views on `bytes`. Throws CdrError. */
  decode(bytes: Uint8Array, epochSec: number): T
  encode(message: T, epochSec: number): Uint8Array
}
