import type { FileHandle } from 'node:fs/promises'
import { McapIndexedReader, McapStreamReader, type McapTypes } from '@mcap/core'
import { BagDamage, BagError, messageOf } from './bag-error.js'
import { typeName } from './bag-file.js'
import { OPCODE, readChunk, RECORD_HEAD, walk, type ChunkRef } from './mcap-chunk.js'

const MAGIC_LENGTH = 8
const FOOTER_LENGTH = RECORD_HEAD + 20
/** Records other than chunks are small; a larger claim is taken for damage. */
const LARGEST_RECORD = 256 << 20
/** Of a message record: opcode, length, channel, sequence, log time. */
const HEAD = RECORD_HEAD + 14
/** Bytes of messages without chunks that are read at once. */
const STRETCH = 4 << 20

export interface McapChannel {
  readonly topic: string
  readonly type: string
  readonly encoding: string
  readonly schemaEncoding: string
  readonly offeredQos: string
  count: number
}

/** What an MCAP file holds, and where. */
export interface McapSummary {
  readonly channels: Map<number, McapChannel>
  readonly chunks: ChunkRef[]
  readonly records: Record<string, Record<string, string>>
  start: bigint
  end: bigint
  damage: string | undefined
}

type Channel = McapTypes.TypedMcapRecords['Channel']
type Schema = McapTypes.TypedMcapRecords['Schema']

/** From the file's own summary where it is whole; from a walk through the whole file where the file was cut off or its summary is damaged. */
export async function summarise(path: string, handle: FileHandle, size: number): Promise<McapSummary> {
  const tail = Buffer.alloc(Math.min(size, FOOTER_LENGTH + MAGIC_LENGTH))
  await handle.read(tail, 0, tail.length, size - tail.length)
  const closed = tail.length === FOOTER_LENGTH + MAGIC_LENGTH && tail[0] === OPCODE.footer
    && tail.subarray(-5).equals(Buffer.from('AP0\r\n'))
  if (!closed) return scan(handle, size, 'cut off')
  if (tail.readBigUInt64LE(RECORD_HEAD) === 0n) throw noIndex(path)
  let reader
  try {
    reader = await McapIndexedReader.Initialize({ readable: readableOf(handle, size) })
  } catch (error) {
    return scan(handle, size, `the summary is damaged (${messageOf(error).split(' [library')[0]})`)
  }
  const { statistics, chunkIndexes } = reader
  if (statistics === undefined) return scan(handle, size, undefined)
  // rosbag2's preset `fastwrite` writes messages without chunks.
  if (chunkIndexes.length === 0 && statistics.messageCount > 0n) return scan(handle, size, undefined)
  const records: McapSummary['records'] = {}
  for await (const { name, metadata } of reader.readMetadata()) records[name] = Object.fromEntries(metadata)
  const channels = new Map<number, McapChannel>()
  for (const channel of reader.channelsById.values()) {
    const count = Number(statistics.channelMessageCounts.get(channel.id) ?? 0n)
    channels.set(channel.id, describe(channel, reader.schemasById.get(channel.schemaId), count))
  }
  const chunks = chunkIndexes.map(index => ({
    offset: Number(index.chunkStartOffset), length: Number(index.chunkLength), start: index.messageStartTime, cut: false,
  }))
  const empty = statistics.messageCount === 0n
  return {
    channels, records, damage: undefined,
    chunks: chunks.sort((a, b) => a.offset - b.offset),
    start: empty ? 1n : statistics.messageStartTime,
    end: empty ? 0n : statistics.messageEndTime,
  }
}

function noIndex(path: string): BagError {
  return new BagError('BAG_NO_INDEX', `${path}: has no summary, so it cannot be read in time order; mend it with: mcap recover ${path} -o OUT.mcap`)
}

/** Walks the file from its start and notes every chunk that is whole. `why` undefined: nothing is wrong with the file so far. */
async function scan(handle: FileHandle, size: number, why: string | undefined): Promise<McapSummary> {
  const summary: McapSummary = { channels: new Map(), chunks: [], records: {}, start: 1n << 63n, end: 0n, damage: why }
  const schemas = new Map<number, Schema>()
  let at = MAGIC_LENGTH
  const learn = (bytes: Uint8Array): void => {
    const record = parse(bytes)
    if (record?.type === 'Schema') schemas.set(record.id, record)
    if (record?.type === 'Channel' && !summary.channels.has(record.id)) summary.channels.set(record.id, describe(record, schemas.get(record.schemaId), 0))
    if (record?.type === 'Metadata') summary.records[record.name] = Object.fromEntries(record.metadata)
  }
  const addChunk = async (length: number, cut: boolean): Promise<void> => {
    const ref = { offset: at, length, start: 0n, cut }
    const records = await readChunk(handle, ref)
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    let start = 1n << 63n
    let end = 0n
    let whole = 0
    walk(records, ref, (opcode, from, to) => {
      if (opcode === OPCODE.message && to - from >= 22) {
        const channel = summary.channels.get(view.getUint16(from, true))
        if (channel === undefined) throw new BagDamage(`the chunk at byte ${at} has a message of an unknown channel`)
        channel.count++
        whole++
        const time = view.getBigUint64(from + 6, true)
        if (time < start) start = time
        if (time > end) end = time
      } else {
        learn(records.subarray(from - RECORD_HEAD, to))
      }
    })
    if (whole === 0) return
    summary.chunks.push({ ...ref, start })
    if (start < summary.start) summary.start = start
    if (end > summary.end) summary.end = end
  }
  let stretch: { offset: number; length: number; start: bigint; cut: false; bare: true } | undefined
  /** A message outside chunks joins the stretch before it; its channel and time are in `head`. */
  const addMessage = (length: number): void => {
    const channel = summary.channels.get(head.readUInt16LE(RECORD_HEAD))
    if (channel === undefined) throw new BagDamage(`the message at byte ${at} is of an unknown channel`)
    channel.count++
    const time = head.readBigUInt64LE(RECORD_HEAD + 6)
    if (stretch === undefined || stretch.offset + stretch.length !== at || stretch.length >= STRETCH) {
      summary.chunks.push(stretch = { offset: at, length: 0, start: time, cut: false, bare: true })
    }
    stretch.length += length
    if (time < stretch.start) stretch.start = time
    if (time < summary.start) summary.start = time
    if (time > summary.end) summary.end = time
  }
  const head = Buffer.alloc(HEAD)
  try {
    while (at < size) {
      const { bytesRead } = await handle.read(head, 0, HEAD, at)
      if (bytesRead < RECORD_HEAD) break
      const opcode = head[0]
      if (opcode === OPCODE.footer || opcode === OPCODE.dataEnd) break
      if (opcode === 0) throw new BagDamage(`the record at byte ${at} is damaged`)
      const length = RECORD_HEAD + Number(head.readBigUInt64LE(1))
      if (opcode === OPCODE.message) {
        if (at + length > size || length < HEAD) break
        addMessage(length)
      } else if (opcode === OPCODE.chunk) {
        await addChunk(Math.min(length, size - at), at + length > size)
      } else if (opcode === OPCODE.schema || opcode === OPCODE.channel || opcode === OPCODE.metadata) {
        if (at + length > size || length > LARGEST_RECORD) break
        const record = Buffer.alloc(length)
        await handle.read(record, 0, length, at)
        learn(record)
      }
      at += length
    }
  } catch (error) {
    if (error instanceof BagError) throw error
    summary.damage = messageOf(error)
  }
  if (summary.damage === 'cut off') summary.damage = `the file is cut off at byte ${size}`
  if (summary.start > summary.end) summary.start = summary.end + 1n
  return summary
}

/** One record, from its opcode on. */
function parse(bytes: Uint8Array): McapTypes.TypedMcapRecord | undefined {
  const reader = new McapStreamReader({ noMagicPrefix: true })
  reader.append(bytes)
  return reader.nextRecord()
}

function describe(channel: Channel, schema: Schema | undefined, count: number): McapChannel {
  return {
    topic: channel.topic,
    type: typeName(schema?.name ?? ''),
    encoding: channel.messageEncoding,
    schemaEncoding: schema?.encoding ?? '',
    offeredQos: channel.metadata.get('offered_qos_profiles') ?? '',
    count,
  }
}

function readableOf(handle: FileHandle, size: number): McapTypes.IReadable {
  return {
    size: () => Promise.resolve(BigInt(size)),
    read: async (offset, length) => {
      if (offset + length > BigInt(size)) throw new Error('a record ends behind the file')
      const bytes = new Uint8Array(Number(length))
      await handle.read(bytes, 0, bytes.length, Number(offset))
      return bytes
    },
  }
}
