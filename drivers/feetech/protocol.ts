import type { PacketFraming } from '../servo/packet-assembler.js'
import { BROADCAST } from '../servo/servo-protocol.js'
import type { ServoData, ServoProtocol, ServoRequest } from '../servo/servo-protocol.js'

/**
 * The protocol of Feetech's STS and SMS servos ("Communication Protocol" of the SCS series; STS and SMS have the low
 * byte first).
 *
 * | byte | request                | status            |
 * |------|------------------------|-------------------|
 * | 0, 1 | FF FF                  | FF FF             |
 * | 2    | id                     | id                |
 * | 3    | number of parameters+2 | number of data+2  |
 * | 4    | instruction            | error bits        |
 * | 5 …  | parameters             | data              |
 * | last | check sum              | check sum         |
 *
 * The check sum is the inverted low byte of the sum from the id on. Nothing in a packet says whether it is a request or
 * a status.
 */
const HEADER = 0xff
const INSTRUCTION = {
  ping: 0x01,
  read: 0x02,
  write: 0x03,
  'registered write': 0x04,
  action: 0x05,
  'sync read': 0x82,
  'sync write': 0x83,
} as const

/** Bits of the error byte of a status, which are also the bits of the register `status`. */
export const FEETECH_ERROR = { voltage: 0x01, sensor: 0x02, heat: 0x04, current: 0x08, overload: 0x20 } as const

const ERROR_TEXT: readonly (readonly [bit: number, text: string])[] = [
  [FEETECH_ERROR.voltage, 'its supply voltage is outside its limits'],
  [FEETECH_ERROR.sensor, 'its position sensor has failed'],
  [FEETECH_ERROR.heat, 'it is too hot'],
  [FEETECH_ERROR.current, 'its motor current is too high'],
  [FEETECH_ERROR.overload, 'it is overloaded'],
]

/** Bytes of a packet without parameters or data. */
const BARE = 6
/** Bytes of the longest packet that the vendor's own software sends. */
const LONGEST = 250

const framing: PacketFraming = {
  longest: LONGEST,
  lengthAt(bytes, at, end) {
    const known = end - at
    if (bytes[at] !== HEADER || (known > 1 && bytes[at + 1] !== HEADER)) return 0
    if (known > 2 && bytes[at + 2]! > BROADCAST) return 0
    if (known < 4) return -1
    const length = bytes[at + 3]! + 4
    return length >= BARE && length <= LONGEST ? length : 0
  },
  checks: (bytes, at, length) => checksum(bytes, at, length) === bytes[at + length - 1],
}

function checksum(bytes: Uint8Array, at: number, length: number): number {
  let sum = 0
  for (let index = at + 2; index < at + length - 1; index++) sum += bytes[index]!
  return ~sum & 0xff
}

/** `code` is an instruction or the error bits. */
function packet(id: number, code: number, parameters: ArrayLike<number>): Uint8Array {
  const length = BARE + parameters.length
  if (length > LONGEST) throw new RangeError(`feetech: a packet of ${length} bytes is longer than ${LONGEST}`)
  const bytes = new Uint8Array(length)
  bytes.set([HEADER, HEADER, id, length - 4, code])
  bytes.set(parameters, 5)
  bytes[length - 1] = checksum(bytes, 0, length)
  return bytes
}

export const FEETECH: ServoProtocol = {
  name: 'feetech',
  framing,
  pingData: 0,
  statusLength: count => BARE + count,

  encodeRequest(request) {
    switch (request.kind) {
      case 'ping':
      case 'action':
        return packet(request.id, INSTRUCTION[request.kind], [])
      case 'read':
        return packet(request.id, INSTRUCTION.read, [request.address, request.count])
      case 'write':
      case 'registered write':
        return packet(request.id, INSTRUCTION[request.kind], [request.address, ...request.data])
      case 'sync read':
        return packet(BROADCAST, INSTRUCTION['sync read'], [request.address, request.count, ...request.ids])
      case 'sync write': {
        const size = request.entries[0]?.data.length ?? 0
        const body = request.entries.flatMap(({ id, data }) => [id, ...data])
        return packet(BROADCAST, INSTRUCTION['sync write'], [request.address, size, ...body])
      }
      case 'reboot':
        throw new RangeError('feetech: the protocol has no instruction to reboot a servo')
    }
  },

  decodeRequest(bytes): ServoRequest | undefined {
    const [, , id = 0, , code = 0] = bytes
    const parameters = bytes.subarray(5, -1)
    const [address = 0, count = 0] = parameters
    switch (code) {
      case INSTRUCTION.ping:
        return { kind: 'ping', id }
      case INSTRUCTION.action:
        return { kind: 'action', id }
      case INSTRUCTION.read:
        return parameters.length === 2 ? { kind: 'read', id, address, count } : undefined
      case INSTRUCTION.write:
        return parameters.length > 1 ? { kind: 'write', id, address, data: parameters.slice(1) } : undefined
      case INSTRUCTION['registered write']:
        return parameters.length > 1 ? { kind: 'registered write', id, address, data: parameters.slice(1) } : undefined
      case INSTRUCTION['sync read']:
        return parameters.length > 2 ? { kind: 'sync read', address, count, ids: [...parameters.slice(2)] } : undefined
      case INSTRUCTION['sync write']:
        return syncWrite(address, count, parameters.subarray(2))
      default:
        return undefined
    }
  },

  encodeStatus: ({ id, error, data }) => packet(id, error, data),

  decodeStatus(bytes) {
    const [, , id = 0, , error = 0] = bytes
    return { id, error, data: bytes.slice(5, -1) }
  },

  condition: error =>
    ERROR_TEXT.filter(([bit]) => (error & bit) !== 0)
      .map(([, text]) => text)
      .join(', '),
  refuses: false,
  refusal: () => '',
}

function syncWrite(address: number, size: number, body: Uint8Array): ServoRequest | undefined {
  if (size === 0 || body.length === 0 || body.length % (size + 1) !== 0) return undefined
  const entries: ServoData[] = []
  for (let at = 0; at < body.length; at += size + 1)
    entries.push({ id: body[at]!, data: body.slice(at + 1, at + 1 + size) })
  return { kind: 'sync write', address, entries }
}
