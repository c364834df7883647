import { crc16 } from './crc16.js'

export const EXCEPTION = {
  illegalFunction: 1,
  illegalAddress: 2,
  illegalValue: 3,
  deviceFailure: 4,
  deviceBusy: 6,
} as const
export type ExceptionCode = (typeof EXCEPTION)[keyof typeof EXCEPTION]

export const EXCEPTION_TEXT: Readonly<Record<number, string>> = {
  1: 'illegal function',
  2: 'illegal data address',
  3: 'illegal data value',
  4: 'server device failure',
  6: 'server device busy',
}

/** Length of the longest Modbus RTU frame in bytes: address (1), PDU (253), CRC (2). */
export const MAX_FRAME = 256
/** Number of registers that one request may read at the most, write, or write while it reads (FC23). */
const MAX_READ = 125
const MAX_WRITE = 123
const MAX_READ_WRITE = 121

/** A request. Registers are unsigned 16-bit values; addresses start at 0. */
export type ModbusRequest =
  | { readonly function: 3 | 4; readonly start: number; readonly count: number }
  | { readonly function: 6; readonly register: number; readonly value: number }
  | { readonly function: 16; readonly start: number; readonly values: readonly number[] }
  | {
      readonly function: 23
      readonly start: number
      readonly count: number
      readonly writeStart: number
      readonly values: readonly number[]
    }

/** A request that a server cannot decode, and the exception to answer with. */
export interface RefusedRequest {
  readonly function: number
  readonly refuse: ExceptionCode
}

/** An exception response: the function that was refused, and the exception code. */
export interface ModbusException {
  readonly function: number
  readonly exception: number
}

export type ModbusResponse =
  | { readonly function: 3 | 4 | 23; readonly values: readonly number[] }
  | { readonly function: 6; readonly register: number; readonly value: number }
  | { readonly function: 16; readonly start: number; readonly count: number }
  | ModbusException

const word = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

function words(bytes: Uint8Array, at: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => word(bytes, at + 2 * index))
}

function frame(unit: number, head: readonly number[], registers: readonly number[]): Uint8Array {
  const length = 1 + head.length + 2 * registers.length + 2
  if (length > MAX_FRAME) throw new RangeError(`modbus: a frame of ${length} bytes is longer than ${MAX_FRAME}`)
  const bytes = new Uint8Array(length)
  bytes[0] = unit
  bytes.set(head, 1)
  let at = 1 + head.length
  for (const value of registers) {
    bytes[at++] = value >>> 8
    bytes[at++] = value
  }
  return sealed(bytes)
}

/** Writes the CRC over all but the last two bytes into the last two, low byte first. Returns the same array. */
export function sealed(bytes: Uint8Array): Uint8Array {
  const crc = crc16(bytes, 0, bytes.length - 2)
  bytes[bytes.length - 2] = crc
  bytes[bytes.length - 1] = crc >>> 8
  return bytes
}

const high = (value: number): number => value >>> 8
const low = (value: number): number => value & 0xff

/** Encodes a client's frame with address and CRC. Throws a RangeError when the frame is longer than 256 bytes. */
export function encodeRequest(unit: number, request: ModbusRequest): Uint8Array {
  switch (request.function) {
    case 3:
    case 4:
      return frame(unit, [request.function], [request.start, request.count])
    case 6:
      return frame(unit, [6], [request.register, request.value])
    case 16: {
      const { start, values } = request
      return frame(
        unit,
        [16, high(start), low(start), high(values.length), low(values.length), 2 * values.length],
        values,
      )
    }
    case 23: {
      const { start, count, writeStart, values } = request
      const head = [start, count, writeStart, values.length].flatMap(value => [high(value), low(value)])
      return frame(unit, [23, ...head, 2 * values.length], values)
    }
  }
}

/** Encodes a server's frame with address and CRC. Throws a RangeError when the frame is longer than 256 bytes. */
export function encodeResponse(unit: number, response: ModbusResponse): Uint8Array {
  if ('exception' in response) return sealed(Uint8Array.of(unit, response.function | 0x80, response.exception, 0, 0))
  switch (response.function) {
    case 3:
    case 4:
    case 23:
      return frame(unit, [response.function, 2 * response.values.length], response.values)
    case 6:
      return frame(unit, [6], [response.register, response.value])
    case 16:
      return frame(unit, [16], [response.start, response.count])
  }
}

const within = (count: number, most: number): boolean => count >= 1 && count <= most

/**
 * Decodes a complete frame from the assembler. For a request that breaks the specification the result names the
 * exception to answer with.
 */
export function decodeRequest(bytes: Uint8Array): ModbusRequest | RefusedRequest {
  const code = bytes[1]!
  switch (code) {
    case 3:
    case 4: {
      const count = word(bytes, 4)
      return within(count, MAX_READ)
        ? { function: code, start: word(bytes, 2), count }
        : { function: code, refuse: EXCEPTION.illegalValue }
    }
    case 6:
      return { function: 6, register: word(bytes, 2), value: word(bytes, 4) }
    case 16: {
      const count = word(bytes, 4)
      if (!within(count, MAX_WRITE) || bytes[6] !== 2 * count) return { function: 16, refuse: EXCEPTION.illegalValue }
      return { function: 16, start: word(bytes, 2), values: words(bytes, 7, count) }
    }
    case 23: {
      const count = word(bytes, 4)
      const written = word(bytes, 8)
      const fits = within(count, MAX_READ) && within(written, MAX_READ_WRITE) && bytes[10] === 2 * written
      if (!fits) return { function: 23, refuse: EXCEPTION.illegalValue }
      return {
        function: 23,
        start: word(bytes, 2),
        count,
        writeStart: word(bytes, 6),
        values: words(bytes, 11, written),
      }
    }
    default:
      return { function: code, refuse: EXCEPTION.illegalFunction }
  }
}

/** Decodes a complete frame from the assembler. Undefined when the codec does not know its function or its length. */
export function decodeResponse(bytes: Uint8Array): ModbusResponse | undefined {
  const code = bytes[1]!
  if (code & 0x80) return { function: code & 0x7f, exception: bytes[2]! }
  switch (code) {
    case 3:
    case 4:
    case 23:
      return bytes[2]! % 2 === 0 ? { function: code, values: words(bytes, 3, bytes[2]! / 2) } : undefined
    case 6:
      return { function: 6, register: word(bytes, 2), value: word(bytes, 4) }
    case 16:
      return { function: 16, start: word(bytes, 2), count: word(bytes, 4) }
    default:
      return undefined
  }
}
