import { one, Schema, type Draft, type MessageOf } from './proto.js'
import { GzError } from './gz-error.js'

/** The kinds of discovery messages: values of `Discovery.type`. */
export const PACKET_TYPE = {
  advertise: 1,
  subscribe: 2,
  unadvertise: 3,
  heartbeat: 4,
  bye: 5,
  newConnection: 6,
  endConnection: 7,
  /** Since Harmonic; Fortress does not know these two. */
  whoSubscribes: 8,
  subscribes: 9,
} as const

/** Values of `Announcement.scope`: which processes may use it. */
export const SCOPE = { process: 0, host: 1, all: 2 } as const

const MESSAGE_PUBLISHER = new Schema('Discovery.Publisher.MessagePublisher', {
  ctrl: one(1, 'string'),
  msgType: one(2, 'string'),
})
const SERVICE_PUBLISHER = new Schema('Discovery.Publisher.ServicePublisher', {
  socketId: one(1, 'string'),
  requestType: one(2, 'string'),
  responseType: one(3, 'string'),
})
const PUBLISHER = new Schema('Discovery.Publisher', {
  topic: one(1, 'string'),
  address: one(2, 'string'),
  processUuid: one(3, 'string'),
  nodeUuid: one(4, 'string'),
  scope: one(5, 'enum'),
  msgPub: one(6, MESSAGE_PUBLISHER),
  srvPub: one(7, SERVICE_PUBLISHER),
})
const FLAGS = new Schema('Discovery.Flags', { relay: one(1, 'bool'), noRelay: one(2, 'bool') })
export const DISCOVERY = new Schema('Discovery', {
  version: one(2, 'uint32'),
  processUuid: one(3, 'string'),
  type: one(4, 'enum'),
  flags: one(5, FLAGS),
  sub: one(6, new Schema('Discovery.Subscriber', { topic: one(1, 'string') })),
  pub: one(7, PUBLISHER),
})

export type Discovery = MessageOf<typeof DISCOVERY>

/** A topic or a service as its process announces it. `topic` has its partition in front. */
export type Announcement = MessageOf<typeof PUBLISHER>

/** Value of `ctrl` in an announcement that is not a connection. */
export const NO_CTRL = 'unused'

/**
 * The flags (relay, no_relay) as the last field of a packet. In protobuf the later of two equal fields counts, so the
 * rest of the packet need not be decoded.
 */
const RELAYED = Buffer.from([0x2a, 4, 0x08, 1, 0x10, 0])
const NOT_TO_BE_RELAYED = Buffer.from([0x2a, 4, 0x08, 0, 0x10, 1])

/**
 * Decodes a packet: the length of the rest (uint16, little-endian), then a Discovery message. Throws GzError
 * GZ_MESSAGE.
 */
export function decodePacket(packet: Uint8Array): Discovery {
  const body = packet.length - 2
  const length = body < 0 ? -1 : packet[0]! | (packet[1]! << 8)
  if (length !== body) {
    const old = length === packet.length ? ': a version before gz-transport 8' : ''
    throw new GzError(
      'GZ_MESSAGE',
      `a discovery packet of ${packet.length} bytes whose length says ${Math.max(0, length)}${old}`,
    )
  }
  return DISCOVERY.decode(packet.subarray(2))
}

/** Encodes a packet. Throws GzError GZ_NAME when its names are too long. */
export function encodePacket(message: Draft<typeof DISCOVERY.fields>): Buffer {
  return withLength(DISCOVERY.encode(message))
}

/** The packet to send to a relay, which forwards it to its own network. */
export function forRelay(packet: Uint8Array): Buffer {
  return withLength(packet.subarray(2), RELAYED)
}

/** The packet from a relay, to forward to this network. */
export function fromRelay(packet: Uint8Array): Buffer {
  return withLength(packet.subarray(2), NOT_TO_BE_RELAYED)
}

function withLength(...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  if (length > 0xffff - 2)
    throw new GzError('GZ_NAME', `a discovery packet of ${length} bytes: expected names that fit into 65533`)
  return Buffer.concat([Uint8Array.of(length & 0xff, length >>> 8), ...parts])
}
