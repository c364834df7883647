import { crc16 } from './crc16.js'
import { MAX_FRAME } from './modbus-rtu.js'

/**
 * The length of a frame: a constant, or the byte that holds the number of data bytes and the length without the data.
 */
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
  /** Modbus address. Frames of other addresses are skipped. */
  readonly unit: number
}

/**
 * Finds the frames of one Modbus unit in a stream of bytes. The function code gives the length of a frame, so the
 * chunks in which the bytes come do not matter, and neither does time. Bytes that start no frame with a correct CRC are
 * skipped one by one. A complete frame is returned at once, even when garbage before it looks like the start of a
 * longer frame.
 */
export class FrameAssembler {
  /** Number of complete frames with a wrong CRC. */
  crcErrors = 0
  /** Number of bytes that belonged to no frame. */
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

  /** The frames that these bytes complete, in order. Each is a copy with address and CRC. */
  push(bytes: Uint8Array): Uint8Array[] {
    const frames: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += MAX_FRAME) {
      this.#append(bytes.subarray(at, at + MAX_FRAME))
      for (let frame = this.#next(); frame !== undefined; frame = this.#next()) frames.push(frame)
    }
    return frames
  }

  /** Discards the bytes of an unfinished frame. */
  reset(): void {
    this.discarded += this.#end - this.#start
    this.#start = this.#end = 0
  }

  /** Between two calls fewer than MAX_FRAME bytes wait, so the buffer always has room for MAX_FRAME more. */
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

  /** Length of the frame that would start at `at`: 0 when none can start there, -1 when too few bytes have come. */
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
