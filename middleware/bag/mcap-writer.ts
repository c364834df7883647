import zlib from 'node:zlib'
import { McapRecordBuilder, type McapTypes } from '@mcap/core'
import type { Compression } from './compression.js'
import { OPCODE, RECORD_HEAD } from './mcap-records.js'
import { PositionalFile } from './positional-file.js'

/** A chunk ends with the message that brings it to this many bytes. */
const CHUNK = 1 << 20
const MESSAGE_HEAD = RECORD_HEAD + 22

type Channel = McapTypes.Channel
type Schema = McapTypes.Schema

export interface McapCounts {
  readonly byChannel: ReadonlyMap<number, number>
  readonly messages: number
  /** First and last log time, absolute ns; both 0 without messages. */
  readonly start: bigint
  readonly end: bigint
}

export interface McapWriterOptions {
  readonly compression?: Compression | undefined
  /** See `PositionalFile`. */
  readonly realTime?: boolean | undefined
  /** Called once, when the disk fails. */
  readonly onFailure?: ((error: Error) => void) | undefined
}

/**
 * Writes an MCAP: messages in chunks, an index behind each chunk, then the summary. `addMessage` copies the message and
 * never waits; a full chunk is written in the background. Before `close` the file is an MCAP without a summary, which
 * readers scan from its start.
 */
export class McapFileWriter {
  readonly #file: PositionalFile
  readonly #compression: Compression | undefined
  readonly #builder = new McapRecordBuilder()
  readonly #schemas: Schema[] = []
  readonly #channels: Channel[] = []
  readonly #counts = new Map<number, number>()
  readonly #chunkIndexes: McapTypes.ChunkIndex[] = []
  readonly #metadataIndexes: McapTypes.MetadataIndex[] = []
  readonly #free: Buffer[] = []
  #chunk: Buffer = Buffer.allocUnsafeSlow(2 * CHUNK)
  #used = 0
  #index = new Map<number, [bigint, bigint][]>()
  #start: bigint | undefined
  #end = 0n
  #chunkStart = 0n
  #chunkEnd = 0n

  /** @param descriptor an empty file, open for writing. */
  constructor(descriptor: number, { compression, realTime, onFailure }: McapWriterOptions = {}) {
    const tail = this.#build(builder => {
      builder.writeDataEnd({ dataSectionCrc: 0 })
      builder.writeFooter({ summaryStart: 0n, summaryOffsetStart: 0n, summaryCrc: 0 })
      builder.writeMagic()
    })
    this.#file = new PositionalFile(descriptor, { tail, realTime, onFailure })
    this.#compression = compression
    this.#file.append([
      this.#build(builder => {
        builder.writeMagic()
        builder.writeHeader({ profile: 'ros2', library: 'prehend' })
      }),
    ])
  }

  /** Number of bytes that are safely in the file. */
  get kept(): number {
    return this.#file.kept
  }

  /** Number of bytes that the disk has taken. */
  get written(): number {
    return this.#file.written
  }

  /** The messages so far. */
  get counts(): McapCounts {
    const messages = [...this.#counts.values()].reduce((sum, n) => sum + n, 0)
    return { byChannel: this.#counts, messages, start: this.#start ?? 0n, end: this.#end }
  }

  /** Adds a channel and returns its id. */
  addChannel(schema: Omit<Schema, 'id'>, channel: Omit<Channel, 'id' | 'schemaId'>): number {
    let known = this.#schemas.find(({ name }) => name === schema.name)
    if (known === undefined) {
      known = { ...schema, id: this.#schemas.length + 1 }
      this.#schemas.push(known)
      this.#take(this.#build(builder => builder.writeSchema({ ...schema, id: this.#schemas.length })))
    }
    const added = { ...channel, id: this.#channels.length + 1, schemaId: known.id }
    this.#channels.push(added)
    this.#counts.set(added.id, 0)
    this.#take(this.#build(builder => builder.writeChannel(added)))
    return added.id
  }

  /** Adds a message to the current chunk. `time`: log and publish time, absolute ns. */
  addMessage(channel: number, time: bigint, data: Uint8Array): void {
    const at = this.#used
    const sequence = (this.#counts.get(channel) ?? 0) + 1
    this.#reserve(MESSAGE_HEAD + data.length)
    const chunk = this.#chunk
    chunk[at] = OPCODE.message
    chunk.writeUIntLE(22 + data.length, at + 1, 6)
    chunk.writeUInt16LE(0, at + 7)
    chunk.writeUInt16LE(channel, at + 9)
    chunk.writeUInt32LE(sequence, at + 11)
    chunk.writeBigUInt64LE(time, at + 15)
    chunk.writeBigUInt64LE(time, at + 23)
    chunk.set(data, at + MESSAGE_HEAD)
    this.#used += MESSAGE_HEAD + data.length
    this.#counts.set(channel, sequence)
    if (this.#index.size === 0 || time < this.#chunkStart) this.#chunkStart = time
    if (this.#index.size === 0 || time > this.#chunkEnd) this.#chunkEnd = time
    const entries = this.#index.get(channel) ?? []
    if (entries.length === 0) this.#index.set(channel, entries)
    entries.push([time, BigInt(at)])
    if (this.#start === undefined || time < this.#start) this.#start = time
    if (time > this.#end) this.#end = time
    if (this.#used >= CHUNK) this.flush()
  }

  /** Writes a metadata record. */
  addMetadata(name: string, metadata: Readonly<Record<string, string>>): void {
    this.flush()
    const bytes = this.#build(builder => builder.writeMetadata({ name, metadata: new Map(Object.entries(metadata)) }))
    this.#metadataIndexes.push({ name, offset: BigInt(this.#file.position), length: BigInt(bytes.length) })
    this.#file.append([bytes])
  }

  /** Writes the last chunk and the summary, and closes the file. Throws the error of a write that failed. */
  async close(): Promise<void> {
    this.flush()
    const dataEnd = this.#build(builder => builder.writeDataEnd({ dataSectionCrc: 0 }))
    await this.#file.close([dataEnd, ...this.#summary(this.#file.position + dataEnd.length)])
  }

  /** Closes the file without a summary. */
  async abandon(): Promise<void> {
    await this.#file.abandon()
  }

  /** All bytes behind the data section. They begin at byte `summaryStart`. */
  #summary(summaryStart: number): Uint8Array[] {
    const offsets: { groupOpcode: number; groupStart: bigint; groupLength: bigint }[] = []
    const group = (groupOpcode: number, write: (builder: McapRecordBuilder) => void): Uint8Array => {
      const start = summaryStart + parts.reduce((sum, part) => sum + part.length, 0)
      const bytes = this.#build(write)
      if (bytes.length > 0) offsets.push({ groupOpcode, groupStart: BigInt(start), groupLength: BigInt(bytes.length) })
      parts.push(bytes)
      return bytes
    }
    const parts: Uint8Array[] = []
    const { byChannel, messages, start, end } = this.counts
    group(OPCODE.schema, builder => this.#schemas.forEach(schema => builder.writeSchema(schema)))
    group(OPCODE.channel, builder => this.#channels.forEach(channel => builder.writeChannel(channel)))
    group(OPCODE.statistics, builder =>
      builder.writeStatistics({
        messageCount: BigInt(messages),
        schemaCount: this.#schemas.length,
        channelCount: this.#channels.length,
        attachmentCount: 0,
        metadataCount: this.#metadataIndexes.length,
        chunkCount: this.#chunkIndexes.length,
        messageStartTime: start,
        messageEndTime: end,
        channelMessageCounts: new Map([...byChannel].map(([id, count]) => [id, BigInt(count)])),
      }),
    )
    group(OPCODE.chunkIndex, builder => this.#chunkIndexes.forEach(index => builder.writeChunkIndex(index)))
    group(OPCODE.metadataIndex, builder => this.#metadataIndexes.forEach(index => builder.writeMetadataIndex(index)))
    const summaryOffsetStart = BigInt(summaryStart + parts.reduce((sum, part) => sum + part.length, 0))
    parts.push(this.#build(builder => offsets.forEach(offset => builder.writeSummaryOffset(offset))))
    const footer = this.#build(builder =>
      builder.writeFooter({ summaryStart: BigInt(summaryStart), summaryOffsetStart, summaryCrc: 0 }),
    )
    // The checksum covers the summary and the footer up to the checksum itself.
    const covered = Buffer.concat([...parts, footer.subarray(0, footer.length - 4)])
    const crc = Buffer.alloc(4)
    crc.writeUInt32LE(zlib.crc32(covered))
    return [covered, crc, this.#build(builder => builder.writeMagic())]
  }

  /** Ends the current chunk, if it is not empty, and writes it in the background. */
  flush(): void {
    if (this.#used === 0) return
    const buffer = this.#chunk
    const records = buffer.subarray(0, this.#used)
    const stored = this.#compression ? this.#compression.compress(records) : records
    const offset = this.#file.position
    const head = chunkHead({
      start: this.#chunkStart,
      end: this.#chunkEnd,
      size: records.length,
      crc: zlib.crc32(records),
      compression: this.#compression?.name ?? '',
      stored: stored.length,
    })
    const chunkLength = head.length + stored.length
    const messageIndexOffsets = new Map<number, bigint>()
    let indexLength = 0
    const indexes = [...this.#index].map(([channelId, entries]) => {
      messageIndexOffsets.set(channelId, BigInt(offset + chunkLength + indexLength))
      const bytes = this.#build(builder => builder.writeMessageIndex({ channelId, records: entries }))
      indexLength += bytes.length
      return bytes
    })
    this.#file.append([head, stored, Buffer.concat(indexes)], () => {
      if (this.#free.length < 4) this.#free.push(buffer)
    })
    this.#chunkIndexes.push({
      messageStartTime: this.#chunkStart,
      messageEndTime: this.#chunkEnd,
      chunkStartOffset: BigInt(offset),
      chunkLength: BigInt(chunkLength),
      messageIndexOffsets,
      messageIndexLength: BigInt(indexLength),
      compression: this.#compression?.name ?? '',
      compressedSize: BigInt(stored.length),
      uncompressedSize: BigInt(records.length),
    })
    this.#chunk = this.#free.pop() ?? Buffer.allocUnsafeSlow(2 * CHUNK)
    this.#used = 0
    this.#index = new Map()
    this.#chunkStart = 0n
    this.#chunkEnd = 0n
  }

  #take(record: Uint8Array): void {
    this.#reserve(record.length)
    this.#chunk.set(record, this.#used)
    this.#used += record.length
  }

  #reserve(length: number): void {
    if (this.#used + length <= this.#chunk.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#chunk.length, this.#used + length))
    this.#chunk.copy(larger, 0, 0, this.#used)
    this.#chunk = larger
  }

  #build(write: (builder: McapRecordBuilder) => void): Uint8Array {
    this.#builder.reset()
    write(this.#builder)
    return this.#builder.buffer.slice()
  }
}

interface ChunkHead {
  readonly start: bigint
  readonly end: bigint
  readonly size: number
  readonly crc: number
  readonly compression: string
  readonly stored: number
}

/** A chunk record up to the records in it. */
function chunkHead({ start, end, size, crc, compression, stored }: ChunkHead): Uint8Array {
  const head = Buffer.alloc(RECORD_HEAD + 40 + compression.length)
  head[0] = OPCODE.chunk
  head.writeBigUInt64LE(BigInt(head.length - RECORD_HEAD + stored), 1)
  head.writeBigUInt64LE(start, RECORD_HEAD)
  head.writeBigUInt64LE(end, RECORD_HEAD + 8)
  head.writeBigUInt64LE(BigInt(size), RECORD_HEAD + 16)
  head.writeUInt32LE(crc, RECORD_HEAD + 24)
  head.writeUInt32LE(compression.length, RECORD_HEAD + 28)
  head.write(compression, RECORD_HEAD + 32, 'latin1')
  head.writeBigUInt64LE(BigInt(stored), RECORD_HEAD + 32 + compression.length)
  return head
}
