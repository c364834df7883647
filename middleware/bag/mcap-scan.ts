import zlib from 'node:zlib'
import type { McapTypes } from '@mcap/core'
import { MissingPackageError } from '../../peers/peers.js'
import { BagDamage, BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import { LARGEST_CHUNK, UnpackBudget } from './limits.js'
import { chunkHead, readChunk, walk, type ChunkFile, type ChunkHead, type ChunkRef } from './mcap-chunk.js'
import { describe, MAGIC_LENGTH, MetadataRecords, type McapSummary } from './mcap-content.js'
import { LARGEST_RECORD, MESSAGE_HEAD, OPCODE, parseRecord, RECORD_HEAD } from './mcap-records.js'

/** Bytes of the file that are read at once. */
const WINDOW = 1 << 18
/** Bytes of a record that are examined before the rest is read. */
const HEAD = 96
/** Bytes of messages without chunks that make one stretch. */
const STRETCH = 4 << 20

/**
 * Reads a file from its start and lists every complete chunk. `why`: what is already known to be wrong with the file;
 * undefined: nothing. Throws MissingPackageError where its chunks cannot be unpacked without a package.
 */
export async function scan(file: ChunkFile, size: number, why: string | undefined): Promise<McapSummary> {
  const scanner = new Scanner(file, size)
  const { summary } = scanner
  summary.damage = why
  try {
    await scanner.run()
  } catch (error) {
    if (error instanceof BagError || error instanceof MissingPackageError) throw error
    summary.damage = messageOf(error)
  }
  if (summary.damage === 'cut off') summary.damage = `the file is cut off at byte ${size}`
  if (summary.start > summary.end) summary.start = summary.end + 1n
  return summary
}

class Scanner {
  readonly summary: McapSummary = {
    channels: new Map(),
    chunks: [],
    records: new MetadataRecords(),
    start: 1n << 63n,
    end: 0n,
    damage: undefined,
  }
  readonly #file: ChunkFile
  readonly #size: number
  readonly #budget: UnpackBudget
  readonly #schemas = new Map<number, McapTypes.TypedMcapRecords['Schema']>()
  readonly #window = Buffer.alloc(WINDOW)
  #windowAt = 0
  #windowLength = 0
  /** The last stretch of messages without chunks. It grows with the next message. */
  #stretch: { offset: number; length: number; size: number; start: bigint; cut: false; bare: true } | undefined

  constructor(file: ChunkFile, size: number) {
    this.#file = file
    this.#size = size
    this.#budget = new UnpackBudget(size)
  }

  /** Throws the error that ends the scan before the end of the file. */
  async run(): Promise<void> {
    const size = this.#size
    for (let at = MAGIC_LENGTH, next = at; at < size; at = next) {
      const head = this.#known(at) ?? (await this.#read(at))
      if (head.length < RECORD_HEAD) break
      const opcode = head[0]
      if (opcode === OPCODE.footer || opcode === OPCODE.dataEnd) break
      if (opcode === 0) throw new BagDamage(`the record at byte ${at} is damaged`)
      const length = RECORD_HEAD + Number(head.readBigUInt64LE(1))
      next = at + length
      if (opcode === OPCODE.message) {
        if (at + length > size || length < RECORD_HEAD + MESSAGE_HEAD) break
        this.#addMessage(head, at, length)
      } else if (opcode === OPCODE.chunk) {
        next = await this.#addChunk(head, at, length)
      } else if (opcode === OPCODE.schema || opcode === OPCODE.channel || opcode === OPCODE.metadata) {
        if (at + length > size || length > LARGEST_RECORD) break
        if (!this.#isKnown(opcode, head.readUInt16LE(RECORD_HEAD))) {
          const record = Buffer.alloc(length)
          await this.#file.handle.read(record, 0, length, at)
          this.#learn(record)
        }
      }
    }
  }

  /** The head of the record at `at` from the window; undefined when the window does not hold it. */
  #known(at: number): Buffer | undefined {
    const from = at - this.#windowAt
    return from >= 0 && from + HEAD <= this.#windowLength ? this.#window.subarray(from, from + HEAD) : undefined
  }

  async #read(at: number): Promise<Buffer> {
    const { bytesRead } = await this.#file.handle.read(this.#window, 0, WINDOW, at)
    this.#windowAt = at
    this.#windowLength = bytesRead
    return this.#window.subarray(0, Math.min(HEAD, bytesRead))
  }

  /** A file may repeat channels and schemas before every chunk. The same id always means the same one. */
  #isKnown(opcode: number, id: number): boolean {
    return (
      (opcode === OPCODE.channel && this.summary.channels.has(id)) ||
      (opcode === OPCODE.schema && this.#schemas.has(id))
    )
  }

  #learn(bytes: Uint8Array): void {
    const record = parseRecord(bytes)
    const { channels, records } = this.summary
    if (record?.type === 'Schema') this.#schemas.set(record.id, record)
    if (record?.type === 'Channel' && !channels.has(record.id))
      channels.set(record.id, describe(record, this.#schemas.get(record.schemaId), 0))
    if (record?.type === 'Metadata') records.add(record, bytes.length)
  }

  /**
   * Returns where the scan continues: behind the chunk, or inside an uncompressed one that is too large to read at
   * once.
   */
  async #addChunk(head: Buffer, at: number, recorded: number): Promise<number> {
    const where = `the chunk at byte ${at}`
    const cut = at + recorded > this.#size
    const told = chunkHead(head, recorded, where)
    const size = told?.size ?? 0
    if (told?.compression === '' && recorded > LARGEST_CHUNK) {
      if (!cut) await this.#requireChecksum(told, at, at + recorded, where)
      return at + told.at
    }
    if (!cut) this.#budget.take(size)
    const ref: ChunkRef = { offset: at, length: cut ? this.#size - at : recorded, size, start: 0n, cut }
    const { channels } = this.summary
    const records = await readChunk(this.#file, ref)
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    let start = 1n << 63n
    let end = 0n
    let whole = 0
    walk(records, ref, (opcode, from, to) => {
      if (opcode === OPCODE.message && to - from >= MESSAGE_HEAD) {
        const channel = channels.get(view.getUint16(from, true))
        if (channel === undefined) throw new BagDamage(`${where} has a message of an unknown channel`)
        channel.count++
        whole++
        const time = view.getBigUint64(from + 6, true)
        if (time < start) start = time
        if (time > end) end = time
      } else if (opcode === OPCODE.schema || opcode === OPCODE.channel || opcode === OPCODE.metadata) {
        if (to - from < 2 || !this.#isKnown(opcode, view.getUint16(from, true)))
          this.#learn(records.subarray(from - RECORD_HEAD, to))
      }
    })
    if (whole > 0) this.#note({ ...ref, start }, end)
    return at + recorded
  }

  async #requireChecksum({ crc, at: start }: ChunkHead, at: number, end: number, where: string): Promise<void> {
    const part = Buffer.alloc(STRETCH)
    let sum = 0
    for (let from = at + start; crc !== 0 && from < end; from += part.length) {
      const { bytesRead } = await this.#file.handle.read(part, 0, Math.min(part.length, end - from), from)
      sum = zlib.crc32(part.subarray(0, bytesRead), sum)
    }
    if (sum !== crc) throw new BagDamage(`${where} fails its checksum`)
  }

  /** Adds a message outside chunks to the stretch. Its channel and its time are in `head`. */
  #addMessage(head: Buffer, at: number, length: number): void {
    const channel = this.summary.channels.get(head.readUInt16LE(RECORD_HEAD))
    if (channel === undefined) throw new BagDamage(`the message at byte ${at} is of an unknown channel`)
    channel.count++
    const time = head.readBigUInt64LE(RECORD_HEAD + 6)
    let stretch = this.#stretch
    if (stretch === undefined || stretch.offset + stretch.length !== at || stretch.length >= STRETCH) {
      stretch = this.#stretch = { offset: at, length: 0, size: 0, start: time, cut: false, bare: true }
      this.summary.chunks.push(stretch)
    }
    stretch.length += length
    stretch.size = stretch.length
    if (time < stretch.start) stretch.start = time
    this.#extend(time, time)
  }

  #note(ref: ChunkRef, end: bigint): void {
    this.summary.chunks.push(ref)
    this.#extend(ref.start, end)
  }

  #extend(start: bigint, end: bigint): void {
    const { summary } = this
    if (start < summary.start) summary.start = start
    if (end > summary.end) summary.end = end
  }
}
