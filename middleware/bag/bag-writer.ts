import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { encode } from '../cdr/codecs.js'
import { definitionText } from '../cdr/definitions.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { PREHEND_RECORD, type BagMessage } from './bag.js'
import { BagEpoch } from './bag-epoch.js'
import { BagError, messageOf } from './bag-error.js'
import type { Compression } from './compression.js'
import { McapFileWriter } from './mcap-writer.js'
import { metadataYaml, OFFERED_QOS } from './rosbag2-metadata.js'

export interface BagWriterOptions {
  /** Absolute seconds at stamp 0, or what gives them once there is something to write. Default: now. */
  readonly epochSec?: number | (() => number)
  /** Absolute seconds that the stamps of messages count from, where that is another zero than that of their receive times. */
  readonly stampEpochSec?: number
  /** Kept in the recording as a metadata record named `prehend`: `robot` (the canonical robot file) and `sha256`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Default: none, which costs a recording in real time the least. */
  readonly compression?: Compression
}

/**
 * Writes a rosbag2 recording (MCAP, ROS 2 profile, chunked and indexed). A path that ends in .mcap is one file, which replaces an older one; any
 * other is a new folder with metadata.yaml. It has its final name only once it is whole: `close` ends it properly, `discard` leaves nothing.
 */
export class BagWriter {
  readonly #path: string
  readonly #single: boolean
  /** Becomes `#path`. */
  readonly #temporary: string
  readonly #epochSec: number | (() => number)
  #knownEpoch: BagEpoch | undefined
  readonly #stampEpochSec: number | undefined
  readonly #metadata: Readonly<Record<string, string>>
  readonly #writer: McapFileWriter
  readonly #channels = new Map<string, { readonly id: number; readonly name: string; readonly type: string }>()
  #open = true
  #failure: BagError | undefined

  /** Throws BagError BAG_EXISTS where a folder is there already, BAG_WRITE where nothing can be written. */
  constructor(path: string, options: BagWriterOptions = {}) {
    const { epochSec = Math.floor(Date.now() / 1000), metadata = {}, compression } = options
    this.#path = path.length > 1 ? path.replace(/\/+$/, '') : path
    this.#single = path.endsWith('.mcap')
    this.#temporary = `${this.#path}.part`
    this.#epochSec = epochSec
    this.#stampEpochSec = options.stampEpochSec
    this.#metadata = metadata
    if (!this.#single && existsSync(path)) throw new BagError('BAG_EXISTS', `${path}: is there already; name a new folder, or a file that ends in .mcap`)
    try {
      mkdirSync(dirname(this.#path), { recursive: true })
      if (!this.#single) {
        rmSync(this.#temporary, { recursive: true, force: true })
        mkdirSync(this.#temporary)
      }
      this.#writer = new McapFileWriter(this.#single ? this.#temporary : join(this.#temporary, this.#fileName), compression)
    } catch (error) {
      throw this.#failed(error)
    }
    if (Object.keys(metadata).length > 0) this.#writer.addMetadata(PREHEND_RECORD, metadata)
  }

  /** Messages that it took. */
  get messages(): number {
    return this.#writer.counts.messages
  }

  /**
   * Takes a message; it is encoded before this returns. `receive`: bus time, ns since the epoch. Throws BagError BAG_WRITE, once, when the disk
   * refuses: from then on it takes nothing, and `close` throws the same.
   */
  write<T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number): void {
    if (!this.#open || this.#failure) return
    this.writeRaw({ topic, type, receive, data: encode(type, message, this.#stampEpochSec ?? this.#epoch.sec) })
  }

  /** Takes a message's CDR bytes as they are; their times count from this writer's epoch. */
  writeRaw(message: BagMessage): void {
    const { topic, type, data } = message
    if (!this.#open || this.#failure) return
    try {
      const { id } = this.#channels.get(`${topic} ${type}`) ?? this.#addChannel(topic, type)
      this.#writer.addMessage(id, this.#epoch.absolute(message), data)
    } catch (error) {
      throw this.#failure = this.#failed(error)
    }
  }

  /** Ends the recording and gives it its name. Throws BagError BAG_WRITE, and leaves nothing, where the disk refused. */
  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    try {
      if (this.#failure) {
        await this.#writer.abandon()
        throw this.#failure
      }
      await this.#writer.close()
      if (!this.#single) await writeFile(join(this.#temporary, 'metadata.yaml'), this.#metadataYaml())
      await rename(this.#temporary, this.#path)
    } catch (error) {
      await rm(this.#temporary, { recursive: true, force: true })
      throw this.#failed(error)
    }
  }

  /** Gives up: nothing is left. */
  async discard(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#writer.abandon()
    await rm(this.#temporary, { recursive: true, force: true })
  }

  get #epoch(): BagEpoch {
    return this.#knownEpoch ??= new BagEpoch(typeof this.#epochSec === 'number' ? this.#epochSec : this.#epochSec())
  }

  get #fileName(): string {
    return `${basename(this.#path)}_0.mcap`
  }

  /** A type that nobody here knows keeps its name and gets no definition. */
  #addChannel(topic: string, type: string): { id: number; name: string; type: string } {
    const text = definitionText(type)
    const schema = { name: type, encoding: text === undefined ? '' : 'ros2msg', data: Buffer.from(text ?? '') }
    const metadata = new Map([['offered_qos_profiles', OFFERED_QOS]])
    const id = this.#writer.addChannel(schema, { topic, messageEncoding: 'cdr', metadata })
    const channel = { id, name: topic, type }
    this.#channels.set(`${topic} ${type}`, channel)
    return channel
  }

  #metadataYaml(): string {
    const { byChannel, messages, start, end } = this.#writer.counts
    const topics = [...this.#channels.values()].map(({ id, name, type }) => ({ name, type, count: byChannel.get(id) ?? 0 }))
    return metadataYaml({ file: this.#fileName, topics, messages, start, end, custom: this.#metadata })
  }

  #failed(error: unknown): BagError {
    return error instanceof BagError ? error : new BagError('BAG_WRITE', `${this.#path}: cannot be written: ${messageOf(error)}`)
  }
}
