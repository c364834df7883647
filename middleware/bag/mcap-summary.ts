import type { FileHandle } from 'node:fs/promises'
import zlib from 'node:zlib'
import type { McapTypes } from '@mcap/core'
import { BagDamage } from './bag-error.js'
import { messageOf } from '../message-of.js'
import { LARGEST_CHUNK, mostUnpacked } from './limits.js'
import type { ChunkFile, ChunkRef } from './mcap-chunk.js'
import { describe, MAGIC_LENGTH, MetadataRecords, type McapSummary } from './mcap-content.js'
import { LARGEST_RECORD, OPCODE, parseRecord, RECORD_HEAD, walkRecords } from './mcap-records.js'
import { scan } from './mcap-scan.js'

const FOOTER_LENGTH = RECORD_HEAD + 20
/** Bytes of the largest summary, because a summary is read at once. */
const LARGEST_SUMMARY = 128 << 20

type Typed = McapTypes.TypedMcapRecords

/**
 * The contents of an MCAP file. They come from the file's summary when it is sound. Otherwise the whole file is
 * scanned: it has no summary, the summary is damaged, or the file is cut off.
 */
export async function summarise(file: ChunkFile, size: number): Promise<McapSummary> {
  const { handle } = file
  const tail = Buffer.alloc(Math.min(size, FOOTER_LENGTH + MAGIC_LENGTH))
  await handle.read(tail, 0, tail.length, size - tail.length)
  const closed =
    tail.length === FOOTER_LENGTH + MAGIC_LENGTH &&
    tail[0] === OPCODE.footer &&
    tail.subarray(-5).equals(Buffer.from('AP0\r\n'))
  if (!closed) return scan(file, size, 'cut off')
  const start = Number(tail.readBigUInt64LE(RECORD_HEAD))
  if (start === 0) return scan(file, size, undefined)
  let summary
  try {
    summary = await readSummary(handle, { start, end: size - tail.length, footer: tail, size })
  } catch (error) {
    return scan(file, size, `the summary is damaged (${messageOf(error).split(' [library')[0]})`)
  }
  return summary ?? scan(file, size, undefined)
}

interface Section {
  readonly start: number
  readonly end: number
  readonly footer: Buffer
  readonly size: number
}

/** Reads the summary; undefined when it is sound but does not say enough. Throws what is wrong with it. */
async function readSummary(
  handle: FileHandle,
  { start, end, footer, size }: Section,
): Promise<McapSummary | undefined> {
  if (start < MAGIC_LENGTH || start > end) throw new BagDamage('it is not where the file says')
  if (end - start > LARGEST_SUMMARY) throw new BagDamage(`it claims to be ${end - start} bytes long`)
  const bytes = Buffer.alloc(end - start)
  await handle.read(bytes, 0, bytes.length, start)
  const crc = footer.readUInt32LE(RECORD_HEAD + 16)
  if (crc !== 0 && zlib.crc32(footer.subarray(0, RECORD_HEAD + 16), zlib.crc32(bytes)) !== crc)
    throw new BagDamage('it fails its checksum')

  const schemas = new Map<number, Typed['Schema']>()
  const found: Typed['Channel'][] = []
  const chunks: ChunkRef[] = []
  const metadataAt: { offset: number; length: number }[] = []
  let statistics: Typed['Statistics'] | undefined
  const left = walkRecords(bytes, (opcode, from, to) => {
    if (opcode === OPCODE.chunkIndex) return void chunks.push(chunkIndex(bytes, from, to))
    if (
      opcode !== OPCODE.schema &&
      opcode !== OPCODE.channel &&
      opcode !== OPCODE.statistics &&
      opcode !== OPCODE.metadataIndex
    )
      return
    const record = parseRecord(bytes.subarray(from - RECORD_HEAD, to))
    if (record?.type === 'Schema') schemas.set(record.id, record)
    if (record?.type === 'Channel') found.push(record)
    if (record?.type === 'Statistics') statistics = record
    if (record?.type === 'MetadataIndex')
      metadataAt.push({ offset: Number(record.offset), length: Number(record.length) })
  })
  if (left > 0) throw new BagDamage('it ends inside a record')
  // rosbag2's preset `fastwrite` writes messages without chunks.
  if (statistics === undefined || (chunks.length === 0 && statistics.messageCount > 0n)) return undefined
  const { messageCount, messageStartTime, messageEndTime, channelMessageCounts } = statistics
  if (messageCount > 0n && messageEndTime < messageStartTime)
    throw new BagDamage('its last message is before its first')
  // Such a chunk is too large to be read at once. A scan finds its messages one by one.
  if (chunks.some(({ length }) => length > LARGEST_CHUNK)) return undefined
  chunks.sort((a, b) => a.offset - b.offset)
  requireApart(chunks, start, size)

  const records = new MetadataRecords()
  for (const { offset, length } of metadataAt) {
    if (offset + length > start || length > LARGEST_RECORD) throw new BagDamage('its metadata is not where it says')
    const record = Buffer.alloc(length)
    await handle.read(record, 0, length, offset)
    const parsed = parseRecord(record)
    if (parsed?.type !== 'Metadata') throw new BagDamage('its metadata is not where it says')
    records.add(parsed, length)
  }
  // With rosbag2's options `noRepeatedSchemas` and `noRepeatedChannels` the summary has no schemas or no channels.
  const ids = new Set(found.map(({ id }) => id))
  if (
    found.some(({ schemaId }) => schemaId !== 0 && !schemas.has(schemaId)) ||
    [...channelMessageCounts.keys()].some(id => !ids.has(id))
  )
    return undefined
  const channels = new Map(
    found.map(channel => [
      channel.id,
      describe(channel, schemas.get(channel.schemaId), Number(channelMessageCounts.get(channel.id) ?? 0n)),
    ]),
  )
  return {
    channels,
    records,
    chunks,
    damage: undefined,
    start: messageCount === 0n ? 1n : messageStartTime,
    end: messageCount === 0n ? 0n : messageEndTime,
  }
}

/** Reads a chunk index. The offsets of its message indexes are not used. */
function chunkIndex(bytes: Buffer, from: number, to: number): ChunkRef {
  if (to - from < 64) throw new BagDamage('a chunk index is cut off')
  const offsets = bytes.readUInt32LE(from + 32)
  const at = from + 36 + offsets + 8
  if (at + 4 > to) throw new BagDamage('a chunk index is cut off')
  const behind = at + 4 + bytes.readUInt32LE(at)
  if (behind + 16 > to) throw new BagDamage('a chunk index is cut off')
  return {
    start: bytes.readBigUInt64LE(from),
    offset: Number(bytes.readBigUInt64LE(from + 16)),
    length: Number(bytes.readBigUInt64LE(from + 24)),
    size: Number(bytes.readBigUInt64LE(behind + 8)),
    cut: false,
  }
}

/**
 * Checks that chunks (in file order) do not overlap, lie before the summary, and do not claim to be too large after
 * decompression. So no byte is read twice.
 */
function requireApart(chunks: readonly ChunkRef[], end: number, size: number): void {
  let free = MAGIC_LENGTH
  let unpacked = 0
  for (const { offset, length, size: bytes } of chunks) {
    if (offset < free || length < RECORD_HEAD || offset + length > end)
      throw new BagDamage('its chunks are not where it says')
    free = offset + length
    unpacked += bytes
  }
  if (unpacked > mostUnpacked(size))
    throw new BagDamage('its chunks claim to unpack to far more than a recording of its size')
}
