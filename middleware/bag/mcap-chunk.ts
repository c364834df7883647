import type { FileHandle } from 'node:fs/promises'
import zlib from 'node:zlib'
import type { BagMessage } from './bag-message.js'
import { BagDamage } from './bag-error.js'
import { messageOf } from '../message-of.js'
import type { BagEpoch } from './bag-epoch.js'
import { MissingPackageError } from '../../peers/peers.js'
import { decompress } from './decompressors.js'
import { LARGEST_CHUNK, LARGEST_MESSAGE, LARGEST_UNPACKED, type UnpackBudget } from './limits.js'
import { contentLength, MESSAGE_HEAD, OPCODE, RECORD_HEAD, walkRecords } from './mcap-records.js'
import type { UnpackMessage } from './zstd.js'

/** Bytes of a chunk record before the name of its compression. */
const CHUNK_HEAD = RECORD_HEAD + 32
/** A batch ends at this many messages, or at this many decompressed bytes. */
const BATCH = 1024
const BATCH_BYTES = 1 << 20

export interface ChunkRef {
  /** Byte in the file at which the chunk record begins. */
  readonly offset: number
  /** Bytes of the whole record; up to the end of the file when `cut`. */
  readonly length: number
  /** Absolute ns. */
  readonly start: bigint
  /** Bytes after decompression, as the index states them. */
  readonly size: number
  /** The file ends inside the chunk. Its checksum cannot be checked, and its complete messages count. */
  readonly cut: boolean
  /** Not a chunk, but records in a row in a file without chunks: no chunk head, no checksum. */
  readonly bare?: boolean
}

/** The head of a chunk record. */
export interface ChunkHead {
  /** Bytes after decompression. */
  readonly size: number
  readonly crc: number
  readonly compression: string
  /** Byte in the record at which the chunk's own records begin. */
  readonly at: number
}

/** Parses a chunk's head; undefined when `bytes` end inside it. `length`: of the whole record. Throws BagDamage. */
export function chunkHead(bytes: Buffer, length: number, where: string): ChunkHead | undefined {
  if (bytes.length < CHUNK_HEAD + 8) return undefined
  const size = Number(bytes.readBigUInt64LE(RECORD_HEAD + 16))
  const nameLength = bytes.readUInt32LE(CHUNK_HEAD - 4)
  if (nameLength > 16) damagedHead(where)
  const at = CHUNK_HEAD + nameLength + 8
  if (bytes.length < at) return undefined
  const compression = bytes.toString('latin1', CHUNK_HEAD, CHUNK_HEAD + nameLength)
  if (compression !== '' && size > LARGEST_UNPACKED) throw new BagDamage(`${where} claims to unpack to ${size} bytes`)
  if (Number(bytes.readBigUInt64LE(at - 8)) !== length - at) damagedHead(where)
  return { size, crc: bytes.readUInt32LE(RECORD_HEAD + 24), compression, at }
}

/** A file with chunks. */
export interface ChunkFile {
  readonly handle: FileHandle
  readonly path: string
}

/**
 * Reads a chunk and returns its records, decompressed and checked against the chunk's CRC. A `cut` chunk gives the
 * records that are there. Throws BagDamage or MissingPackageError.
 */
export async function readChunk(
  { handle, path }: ChunkFile,
  { offset, length, size, cut, bare }: ChunkRef,
): Promise<Uint8Array> {
  const where = `the chunk at byte ${offset}`
  if (length > LARGEST_CHUNK) throw new BagDamage(`${where} claims to be ${length} bytes long`)
  // A reader may keep views of the pixels, so the memory of a chunk is never reused.
  const bytes = Buffer.allocUnsafeSlow(length)
  const { bytesRead } = await handle.read(bytes, 0, length, offset)
  if (bare && bytesRead === length) return bytes
  if (bytesRead < length || bytes[0] !== OPCODE.chunk) throw new BagDamage(`${where} is not there`)
  const recorded = cut ? RECORD_HEAD + Number(bytes.readBigUInt64LE(1)) : length
  const head = chunkHead(bytes, recorded, where)
  if (head === undefined) return cut ? new Uint8Array(0) : damagedHead(where)
  const { compression, crc, at } = head
  if (cut) return compression === '' ? bytes.subarray(at) : new Uint8Array(0)
  if (head.size !== size) throw new BagDamage(`${where} is not as large as its index says`)
  const records = await unpack(bytes.subarray(at), { compression, size, where, path })
  if (records.length !== size) throw new BagDamage(`${where} holds ${records.length} bytes instead of ${size}`)
  if (crc !== 0 && zlib.crc32(records) !== crc) throw new BagDamage(`${where} fails its checksum`)
  return records
}

function damagedHead(where: string): never {
  throw new BagDamage(`${where} has a damaged head`)
}

async function unpack(
  packed: Uint8Array,
  { compression, size, where, path }: { compression: string; size: number; where: string; path: string },
): Promise<Uint8Array> {
  if (compression === '') return packed
  let records: Uint8Array | undefined
  try {
    records = await decompress(packed, { name: compression, size, path })
  } catch (error) {
    if (error instanceof MissingPackageError) throw error
    throw new BagDamage(`${where} cannot be unpacked (${compression}: ${messageOf(error)})`)
  }
  if (records === undefined) throw new BagDamage(`${where} has the unknown compression "${compression}"`)
  return records
}

/** Calls `onRecord` for each record of a chunk. Throws BagDamage for an incomplete record, unless the chunk is cut. */
export function walk(
  records: Uint8Array,
  ref: ChunkRef,
  onRecord: (opcode: number, start: number, end: number) => void,
): void {
  if (walkRecords(records, onRecord) > 0 && !ref.cut)
    throw new BagDamage(`the chunk at byte ${ref.offset} has a damaged record`)
}

export interface ChunkReader extends ChunkFile {
  /** The channels by id. `isForeign`: its messages are skipped. */
  readonly channels: ReadonlyMap<number, { readonly topic: string; readonly type: string; readonly isForeign: boolean }>
  readonly epoch: BagEpoch
  /** Decompresses single messages. */
  readonly unpackMessage: UnpackMessage | undefined
  readonly budget: UnpackBudget
}

/**
 * A chunk in memory, with the byte at which each message begins, in receive order; messages of the same time in file
 * order. Plain numbers, because a chunk may hold millions of messages.
 */
export interface OpenChunk {
  readonly records: Uint8Array
  readonly starts: readonly number[]
}

/** Reads a chunk and finds its messages. Throws BagDamage or MissingPackageError. */
export async function openChunk(reader: ChunkReader, ref: ChunkRef): Promise<OpenChunk> {
  const { channels, epoch, budget } = reader
  const where = `the chunk at byte ${ref.offset}`
  const records = await readChunk(reader, ref)
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  const starts: number[] = []
  let sorted = true
  let first = Infinity
  let last = -Infinity
  walk(records, ref, (opcode, start, end) => {
    if (opcode !== OPCODE.message) return
    const channel = end - start < MESSAGE_HEAD ? undefined : channels.get(view.getUint16(start, true))
    if (channel === undefined) throw new BagDamage(`${where} has a message of an unknown channel`)
    if (end - start > LARGEST_MESSAGE) throw new BagDamage(`${where} has a message of ${end - start} bytes`)
    const receive = receiveOf(view, start, epoch)
    if (receive < first) first = receive
    if (channel.isForeign) return
    starts.push(start)
    sorted &&= receive >= last
    last = receive
  })
  if (!ref.bare) allow(budget, starts.length)
  if (first < epoch.sinceBig(ref.start)) throw new BagDamage(`${where} has messages from before its own start`)
  if (!sorted) starts.sort((a, b) => receiveOf(view, a, epoch) - receiveOf(view, b, epoch) || a - b)
  return { records, starts }
}

function allow(budget: UnpackBudget, messages: number): void {
  try {
    budget.take(0, messages)
  } catch (error) {
    throw new BagDamage(messageOf(error))
  }
}

function receiveOf(view: DataView, start: number, epoch: BagEpoch): number {
  return epoch.since(view.getUint32(start + 6, true), view.getUint32(start + 10, true))
}

/** The messages of a chunk. Their data are views of the chunk, or decompressed copies. Throws BagDamage. */
export function* messagesOf(
  { channels, epoch, unpackMessage }: ChunkReader,
  { records, starts }: OpenChunk,
): Generator<BagMessage[], undefined> {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
  let batch: BagMessage[] = []
  let bytes = 0
  for (const start of starts) {
    const channel = channels.get(view.getUint16(start, true))
    if (channel === undefined) continue
    const data = records.subarray(start + MESSAGE_HEAD, start + contentLength(view, start - RECORD_HEAD))
    const plain = unpackMessage ? unpacked(unpackMessage, data) : data
    const { topic, type } = channel
    const receive = receiveOf(view, start, epoch)
    batch.push(
      Number.isFinite(receive)
        ? { topic, type, receive, data: plain }
        : { topic, type, receive, written: view.getBigUint64(start + 6, true), data: plain },
    )
    if (unpackMessage) bytes += plain.length
    if (batch.length < BATCH && bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function unpacked(unpackMessage: UnpackMessage, data: Uint8Array): Uint8Array {
  try {
    return unpackMessage(data)
  } catch (error) {
    throw new BagDamage(`a message cannot be unpacked: ${messageOf(error)}`)
  }
}
