import type { PacketFraming } from '../servo/packet-assembler.js'
import { BROADCAST } from '../servo/servo-protocol.js'
import type { ServoData, ServoProtocol, ServoRequest } from '../servo/servo-protocol.js'
import { dynamixelCrc } from './crc.js'

/**
 * Dynamixel Protocol 2.0 (ROBOTIS e-Manual, "Protocol 2.0").
 *
 * | byte    | request                                   | status          |
 * |---------|-------------------------------------------|-----------------|
 * | 0 to 3  | FF FF FD 00                               | FF FF FD 00     |
 * | 4       | id                                        | id              |
 * | 5, 6    | number of bytes that follow               | the same        |
 * | 7       | instruction                               | 55, error, data |
 * | 8 …     | parameters: words with the low byte first |                 |
 * | last 2  | CRC-16                                    | CRC-16          |
 *
 * From byte 7 on FF FF FD is written as FF FF FD FD, so that no header stands within a packet.
 */
const HEADER = [0xff, 0xff, 0xfd, 0x00] as const
const STUFFED = 0xfd
const STATUS = 0x55
const INSTRUCTION = {
  ping: 0x01,
  read: 0x02,
  write: 0x03,
  'registered write': 0x04,
  action: 0x05,
  reboot: 0x08,
  'sync read': 0x82,
  'sync write': 0x83,
} as const

/** Bit of a status' error: the register `hardwareError` says more. The other bits are a number of `REFUSAL`. */
export const ALERT = 0x80
export const DYNAMIXEL_ERROR = { failed: 1, instruction: 2, crc: 3, range: 4, length: 5, limit: 6, access: 7 } as const
const REFUSAL: Readonly<Record<number, string>> = {
  1: 'it could not carry it out',
  2: 'it does not know the instruction',
  3: 'the CRC of the request was wrong',
  4: 'the value is out of range',
  5: 'the data are shorter than the register',
  6: 'the value is beyond its limit',
  7: 'the register may not be written or read now',
}

/** Bytes of a packet up to the instruction, and of the CRC. */
const HEAD = 7
const CRC = 2
/** Bytes of the longest packet that the vendor's own software sends. */
const LONGEST = 1024

const framing: PacketFraming = {
  longest: LONGEST,
  lengthAt(bytes, at, end) {
    const known = end - at
    for (let index = 0; index < Math.min(known, HEADER.length); index++)
      if (bytes[at + index] !== HEADER[index]) return 0
    if (known < HEAD) return -1
    const length = HEAD + word(bytes, at + 5)
    return length > HEAD + CRC && length <= LONGEST && bytes[at + 4]! <= BROADCAST ? length : 0
  },
  checks: (bytes, at, length) => dynamixelCrc(bytes, at, at + length - CRC) === word(bytes, at + length - CRC),
}

const word = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8)
const bytesOf = (value: number): [number, number] => [value & 0xff, value >>> 8]

/** `body`: instruction and parameters, or what a status has in their place. */
function packet(id: number, body: readonly number[]): Uint8Array {
  const stuffed = withStuffing(body)
  const length = HEAD + stuffed.length + CRC
  if (length > LONGEST) throw new RangeError(`dynamixel: a packet of ${length} bytes is longer than ${LONGEST}`)
  const bytes = new Uint8Array(length)
  bytes.set([...HEADER, id, ...bytesOf(stuffed.length + CRC), ...stuffed])
  bytes.set(bytesOf(dynamixelCrc(bytes, 0, length - CRC)), length - CRC)
  return bytes
}

function withStuffing(body: readonly number[]): number[] {
  const stuffed: number[] = []
  for (const [index, byte] of body.entries()) {
    stuffed.push(byte)
    if (byte === 0xfd && body[index - 1] === 0xff && body[index - 2] === 0xff) stuffed.push(STUFFED)
  }
  return stuffed
}

/** Instruction and parameters of a whole packet. */
function bodyOf(bytes: Uint8Array): Uint8Array {
  const stuffed = bytes.subarray(HEAD, -CRC)
  const body = new Uint8Array(stuffed.length)
  let size = 0
  for (let index = 0; index < stuffed.length; index++) {
    body[size++] = stuffed[index]!
    if (stuffed[index] === 0xfd && stuffed[index - 1] === 0xff && stuffed[index - 2] === 0xff) index++
  }
  return body.slice(0, size)
}

export const DYNAMIXEL: ServoProtocol = {
  name: 'dynamixel',
  framing,
  /** Model number and firmware version. */
  pingData: 3,
  /** Every third byte of the data can need a further one. */
  statusLength: count => HEAD + 2 + count + Math.floor(count / 3) + CRC,

  encodeRequest(request) {
    const code = INSTRUCTION[request.kind]
    switch (request.kind) {
      case 'ping':
      case 'action':
      case 'reboot':
        return packet(request.id, [code])
      case 'read':
        return packet(request.id, [code, ...bytesOf(request.address), ...bytesOf(request.count)])
      case 'write':
      case 'registered write':
        return packet(request.id, [code, ...bytesOf(request.address), ...request.data])
      case 'sync read':
        return packet(BROADCAST, [code, ...bytesOf(request.address), ...bytesOf(request.count), ...request.ids])
      case 'sync write': {
        const size = request.entries[0]?.data.length ?? 0
        const entries = request.entries.flatMap(({ id, data }) => [id, ...data])
        return packet(BROADCAST, [code, ...bytesOf(request.address), ...bytesOf(size), ...entries])
      }
    }
  },

  decodeRequest(bytes): ServoRequest | undefined {
    const id = bytes[4]!
    const body = bodyOf(bytes)
    const address = body.length > 2 ? word(body, 1) : 0
    const count = body.length > 4 ? word(body, 3) : 0
    const [code = 0] = body
    switch (code) {
      case INSTRUCTION.ping:
        return { kind: 'ping', id }
      case INSTRUCTION.action:
        return { kind: 'action', id }
      case INSTRUCTION.reboot:
        return { kind: 'reboot', id }
      case INSTRUCTION.read:
        return body.length === 5 ? { kind: 'read', id, address, count } : undefined
      case INSTRUCTION.write:
        return body.length > 3 ? { kind: 'write', id, address, data: body.slice(3) } : undefined
      case INSTRUCTION['registered write']:
        return body.length > 3 ? { kind: 'registered write', id, address, data: body.slice(3) } : undefined
      case INSTRUCTION['sync read']:
        return body.length > 5 ? { kind: 'sync read', address, count, ids: [...body.slice(5)] } : undefined
      case INSTRUCTION['sync write']:
        return syncWrite(address, count, body.subarray(5))
      default:
        return undefined
    }
  },

  encodeStatus: ({ id, error, data }) => packet(id, [STATUS, error, ...data]),

  decodeStatus(bytes) {
    const [code, error, ...data] = bodyOf(bytes)
    return code === STATUS && error !== undefined ? { id: bytes[4]!, error, data: Uint8Array.from(data) } : undefined
  },

  condition: error => ((error & ALERT) !== 0 ? 'it reports a hardware error' : ''),
  refuses: true,
  refusal(error) {
    const number = error & ~ALERT
    return number === 0 ? '' : (REFUSAL[number] ?? `error ${number}, which the protocol does not have`)
  },
}

function syncWrite(address: number, size: number, body: Uint8Array): ServoRequest | undefined {
  if (size === 0 || body.length === 0 || body.length % (size + 1) !== 0) return undefined
  const entries: ServoData[] = []
  for (let at = 0; at < body.length; at += size + 1)
    entries.push({ id: body[at]!, data: body.slice(at + 1, at + 1 + size) })
  return { kind: 'sync write', address, entries }
}
