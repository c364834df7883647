import type { FileHandle } from 'node:fs/promises'
import zlib from 'node:zlib'
import { loadDecompressHandlers } from '@mcap/support'
import type { BagMessage } from './bag.js'
import { BagDamage, messageOf } from './bag-error.js'
import type { BagEpoch } from './bag-epoch.js'
import { LARGEST } from './zstd.js'

export const OPCODE = { header: 1, footer: 2, schema: 3, channel: 4, message: 5, chunk: 6, chunkIndex: 8, statistics: 11, metadata: 12, metadataIndex: 13, dataEnd: 15 } as const
/** Opcode and length. */
export const RECORD_HEAD = 9
const MESSAGE_HEAD = 22

export interface ChunkRef {
  /** Of the chunk record, in the file. */
  readonly offset: number
  /** Of the whole record; up to the end of the file when `cut`. */
  readonly length: number
  /** Absolute ns. */
  readonly start: bigint
  /** The file ends inside it: no checksum can be made, and what is whole in it counts. */
  readonly cut: boolean
  /** Not a chunk, but a stretch of a file without chunks: records one after the other, without a head or a checksum. */
  readonly bare?: boolean
}

/** Reads a chunk and returns its records, unpacked and checked against the chunk's CRC; of one that is `cut`, what is there of them. Throws BagDamage. */
export async function readChunk(handle: FileHandle, { offset, length, cut, bare }: ChunkRef): Promise<Uint8Array> {
  const where = `the chunk at byte ${offset}`
  if (length > LARGEST) throw new BagDamage(`${where} claims to be ${length} bytes long`)
  // Pixels are kept by whoever wants them, so the memory of a chunk is never used for another.
  const bytes = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await handle.read(bytes, 0, length, offset)
  if (bare && bytesRead === length) return bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytesRead)
  if (bytesRead < length || bytes[0] !== OPCODE.chunk) throw new BagDamage(`${where} is not there`)
  if (length < RECORD_HEAD + 40) return cut ? new Uint8Array(0) : damagedHead(where)
  const size = Number(view.getBigUint64(RECORD_HEAD + 16, true))
  const crc = view.getUint32(RECORD_HEAD + 24, true)
  const nameLength = view.getUint32(RECORD_HEAD + 28, true)
  const at = RECORD_HEAD + 32 + nameLength + 8
  if (nameLength > 16) damagedHead(where)
  if (at > length) return cut ? new Uint8Array(0) : damagedHead(where)
  const compression = bytes.toString('latin1', RECORD_HEAD + 32, RECORD_HEAD + 32 + nameLength)
  const packedSize = Number(view.getBigUint64(at - 8, true))
  if (cut) return compression === '' ? bytes.subarray(at) : new Uint8Array(0)
  if (packedSize !== length - at) damagedHead(where)
  const records = await unpack(bytes.subarray(at), compression, size, where)
  if (records.length !== size) throw new BagDamage(`${where} holds ${records.length} bytes instead of ${size}`)
  if (crc !== 0 && zlib.crc32(records) !== crc) throw new BagDamage(`${where} fails its checksum`)
  return records
}

function damagedHead(where: string): never {
  throw new BagDamage(`${where} has a damaged head`)
}

async function unpack(packed: Uint8Array, compression: string, size: number, where: string): Promise<Uint8Array> {
  if (compression === '') return packed
  if (size > LARGEST) throw new BagDamage(`${where} claims to unpack to ${size} bytes`)
  const handler = (await loadDecompressHandlers())[compression]
  if (handler === undefined) throw new BagDamage(`${where} has the unknown compression "${compression}"`)
  try {
    return handler(packed, BigInt(size))
  } catch (error) {
    throw new BagDamage(`${where} cannot be unpacked (${compression}: ${messageOf(error)})`)
  }
}

/** Walks the records of a chunk. A record that ends behind the bytes is damage, unless the chunk is cut. */
export function walk(records: Uint8Array, ref: ChunkRef, onRecord: (opcode: number, start: number, end: number) => void): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let at = 0
  while (at + RECORD_HEAD <= records.length) {
    const end = at + RECORD_HEAD + view.getUint32(at + 1, true) + view.getUint32(at + 5, true) * 4_294_967_296
    if (end > records.length) break
    onRecord(records[at], at + RECORD_HEAD, end)
    at = end
  }
  if (at !== records.length && !ref.cut) throw new BagDamage(`the chunk at byte ${ref.offset} has a damaged record`)
}

export interface ChunkReader {
  readonly handle: FileHandle
  readonly channels: ReadonlyMap<number, { readonly topic: string; readonly type: string }>
  readonly epoch: BagEpoch
  /** Undoes the compression of single messages. */
  readonly unpackMessage: ((data: Uint8Array) => Uint8Array) | undefined
}

/** The messages of a chunk in receive order, ties in file order; their data are views on the chunk. Throws BagDamage. */
export async function readMessages(reader: ChunkReader, ref: ChunkRef): Promise<BagMessage[]> {
  const { handle, channels, epoch, unpackMessage } = reader
  const records = await readChunk(handle, ref)
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const messages: BagMessage[] = []
  let sorted = true
  let last = -Infinity
  walk(records, ref, (opcode, start, end) => {
    if (opcode !== OPCODE.message) return
    const channel = end - start < MESSAGE_HEAD ? undefined : channels.get(view.getUint16(start, true))
    if (channel === undefined) throw new BagDamage(`the chunk at byte ${ref.offset} has a message of an unknown channel`)
    const receive = epoch.since(view.getUint32(start + 6, true), view.getUint32(start + 10, true))
    const data = records.subarray(start + MESSAGE_HEAD, end)
    messages.push({ topic: channel.topic, type: channel.type, receive, data: unpackMessage ? unpackMessage(data) : data })
    sorted &&= receive >= last
    last = receive
  })
  if (!sorted) messages.sort((a, b) => a.receive - b.receive)
  if (messages.length > 0 && messages[0].receive < epoch.sinceBig(ref.start)) {
    throw new BagDamage(`the chunk at byte ${ref.offset} has messages from before its own start`)
  }
  return messages
}
