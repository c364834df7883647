import { crc16 } from './crc16.js'
import { MAX_FRAME } from './modbus-rtu.js'

/** Fixed length, or the place of the byte that counts the data and the length without them. */
type Shape = number | { readonly counter: number; readonly rest: number }

const REQUEST: Readonly<Record<number, Shape>> = {
  1: 8,
  2: 8,
  3: 8,
  4: 8,
  5: 8,
  6: 8,
  7: 4,
  8: 8,
  11: 4,
  12: 4,
  15: { counter: 6, rest: 9 },
  16: { counter: 6, rest: 9 },
  17: 4,
  22: 10,
  23: { counter: 10, rest: 13 },
}

const RESPONSE: Readonly<Record<number, Shape>> = {
  1: { counter: 2, rest: 5 },
  2: { counter: 2, rest: 5 },
  3: { counter: 2, rest: 5 },
  4: { counter: 2, rest: 5 },
  5: 8,
  6: 8,
  15: 8,
  16: 8,
  22: 10,
  23: { counter: 2, rest: 5 },
}

export interface FrameAssemblerOptions {
  /** `requests` on a server's side of the wire, `responses` on a client's. */
  readonly direction: 'requests' | 'responses'
  /** The one address whose frames are frames here; all else on the wire is passed over. */
  readonly unit: number
}

/**
 * Finds the frames of one unit in a stream of bytes, however these are split, by the lengths that the function codes
 * imply. Between frames anything may stand: bytes that start no frame with a right CRC are passed over one by one, and
 * a frame that is complete is never held back by garbage before it that looks like a longer one. Keeps no time.
 */
export class FrameAssembler {
  /** Complete candidates whose CRC was wrong. */
  crcErrors = 0
  /** Bytes that belonged to no frame. */
  discarded = 0
  readonly #unit: number
  readonly #shapes: Readonly<Record<number, Shape>>
  readonly #exceptions: boolean
  #buffer = new Uint8Array(4 * MAX_FRAME)
  #start = 0
  #end = 0

  constructor({ direction, unit }: FrameAssemblerOptions) {
    this.#unit = unit
    this.#shapes = direction === 'requests' ? REQUEST : RESPONSE
    this.#exceptions = direction === 'responses'
  }

  /** The frames that these bytes complete, in order: copies, address and CRC included. */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += MAX_FRAME) {
      this.#append(bytes.subarray(at, at + MAX_FRAME))
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    }
    return frames
  }

  /** Forgets what has come of an unfinished frame. */
  reset(): void {
    this.discarded += this.#end - this.#start
    this.#start = this.#end = 0
  }

  /** Fewer than MAX_FRAME bytes wait between calls, so two more frames always fit. */
  #append(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#end -= this.#start
      this.#start = 0
    }
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  #next(): Uint8Array | undefined {
    let pending = false
    for (let at = this.#start; at < this.#end; at++) {
      const length = this.#lengthAt(at)
      if (length > 0 && at + length <= this.#end) {
        if (this.#checks(at, length)) {
          this.discarded += at - this.#start
          this.#start = at + length
          return this.#buffer.slice(at, at + length)
        }
        if (!pending) this.crcErrors++
      }
      const unfinished = length < 0 || at + length > this.#end
      if (!pending && unfinished) pending = true
      if (!pending) {
        this.discarded++
        this.#start = at + 1
      }
    }
    return undefined
  }

  /** Length of the frame that would start here: 0 where none can, -1 where too few bytes have come to tell. */
  #lengthAt(at: number): number {
    const known = this.#end - at
    if (this.#buffer[at] !== this.#unit) return 0
    if (known < 2) return -1
    const code = this.#buffer[at + 1]!
    const shape = this.#shapes[code & (this.#exceptions ? 0x7f : 0xff)]
    if (shape === undefined) return 0
    if (code & 0x80) return 5
    if (typeof shape === 'number') return shape
    if (known <= shape.counter) return -1
    const length = shape.rest + this.#buffer[at + shape.counter]!
    return length <= MAX_FRAME ? length : 0
  }

  #checks(at: number, length: number): boolean {
    const end = at + length - 2
    return crc16(this.#buffer, at, end) === (this.#buffer[end]! | (this.#buffer[end + 1]! << 8))
  }
}
