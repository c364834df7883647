import { openSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { encode, inCurrentLayout } from '../cdr/codecs.js'
import { definitionText } from '../cdr/definitions.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { PREHEND_RECORD, type BagMessage } from './bag.js'
import { BagEpoch } from './bag-epoch.js'
import {
  createPart,
  createPartFolder,
  discardPart,
  finishPart,
  partOf,
  refusal,
  type FolderKind,
  type OutputOptions,
} from '../output-path.js'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import type { Compression } from './compression.js'
import { McapFileWriter } from './mcap-writer.js'
import { metadataYaml, OFFERED_QOS } from './rosbag2-metadata.js'

/** How a recording is written. */
export interface BagWriterOptions {
  /** Absolute seconds at stamp 0, or a function that gives them with the first message. Default: now. */
  readonly epochSec?: number | (() => number)
  /** Absolute seconds at stamp 0 of the messages' contents. Default: the same zero as that of the receive times. */
  readonly stampEpochSec?: number
  /** Stored in the recording as the metadata record `prehend`: `robot` (the canonical robot file) and `sha256`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Default: none. It costs the least time while a recording runs. */
  readonly compression?: Compression
  /** Replaces a recording of the same name when this one is complete. Default: such a recording is refused. */
  readonly overwrite?: boolean | undefined
  /**
   * ms after which a message is in the file at the latest. Infinity: only full chunks are written, so the same messages
   * always make the same bytes.
   */
  readonly flushMs?: number
  /**
   * True: `write` never waits, and a disk that is 64 MB behind counts as failed. Default: at 64 MB `write` blocks until
   * the disk has caught up. That suits a replay and lockstep, in which time waits for the program.
   */
  readonly realTime?: boolean | undefined
  /** Called once, as soon as the disk fails. The writer takes no more messages, and `close` throws the same error. */
  readonly onFailure?: ((error: BagError) => void) | undefined
}

/** ms of messages that a recording loses at the most when its process dies. */
const FLUSH_MS = 500

/**
 * Writes a rosbag2 recording: MCAP, ROS 2 profile, with chunks and an index. A path that ends in .mcap makes one file;
 * any other path makes a folder with metadata.yaml. An unfinished recording lies at `partOf(path)` and can be read as a
 * bag at any time. `close` completes it and gives it its name. `discard` removes it. When the disk fails or the process
 * dies, the unfinished recording stays at `partOf(path)`.
 */
export class BagWriter {
  readonly #path: string
  readonly #single: boolean
  readonly #output: OutputOptions
  readonly #epochSec: number | (() => number)
  #knownEpoch: BagEpoch | undefined
  readonly #stampEpochSec: number | undefined
  readonly #metadata: Readonly<Record<string, string>>
  readonly #writer: McapFileWriter
  readonly #channels = new Map<string, { readonly id: number; readonly name: string; readonly type: string }>()
  readonly #flushing: NodeJS.Timeout | undefined
  readonly #onFailure: BagWriterOptions['onFailure']
  #described = 0
  #open = true
  #failure: BagError | undefined

  /**
   * Throws BagError BAG_EXISTS when there is already something at the path, finished or unfinished, and BAG_WRITE when
   * the file cannot be created.
   */
  constructor(path: string, options: BagWriterOptions = {}) {
    const {
      epochSec = Math.floor(Date.now() / 1000),
      metadata = {},
      compression,
      overwrite,
      flushMs = FLUSH_MS,
      realTime,
      onFailure,
    } = options
    this.#path = recordingPath(path)
    this.#single = isSingle(this.#path)
    this.#output = outputOptions(this.#path, overwrite)
    this.#epochSec = epochSec
    this.#stampEpochSec = options.stampEpochSec
    this.#metadata = metadata
    this.#onFailure = onFailure
    const why = refusal(this.#path, this.#output)
    if (why !== undefined) throw new BagError('BAG_EXISTS', why)
    let descriptor
    try {
      descriptor = this.#single
        ? createPart(this.#path, this.#output)
        : openSync(join(createPartFolder(this.#path, this.#output), this.#fileName), 'wx')
    } catch (error) {
      throw new BagError('BAG_WRITE', `${this.#path}: cannot be written: ${messageOf(error)}`)
    }
    this.#writer = new McapFileWriter(descriptor, { compression, realTime, onFailure: error => this.#fail(error) })
    if (Object.keys(metadata).length > 0) this.#writer.addMetadata(PREHEND_RECORD, metadata)
    if (Number.isFinite(flushMs)) this.#flushing = setInterval(() => this.#flush(), flushMs).unref()
  }

  /** Number of messages that were taken. */
  get messages(): number {
    return this.#writer.counts.messages
  }

  /** Number of bytes on disk. It grows while `close` waits. */
  get written(): number {
    return this.#writer.written
  }

  /**
   * Takes a message and encodes it before it returns. `receive`: bus time in ns since the epoch. Throws a CdrError for
   * a message that cannot be encoded.
   */
  write<T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number): void {
    if (!this.#open || this.#failure) return
    this.#add({ topic, type, receive, data: encode(type, message, this.#stampEpochSec ?? this.#epoch.sec) })
  }

  /**
   * Takes a message's CDR bytes unchanged, or in today's layout where that of its type has changed: the recording says
   * today's. Their times count from this writer's epoch.
   */
  writeRaw(message: BagMessage): void {
    if (!this.#open || this.#failure) return
    this.#add({ ...message, data: inCurrentLayout(message.type, message.data) })
  }

  #add(message: BagMessage): void {
    const { topic, type, data } = message
    try {
      const { id } = this.#channels.get(`${topic} ${type}`) ?? this.#addChannel(topic, type)
      this.#writer.addMessage(id, this.#epoch.absolute(message), data)
    } catch (error) {
      // For example a time that the format cannot hold. The messages before it are kept.
      this.#writer.flush()
      this.#fail(error)
    }
  }

  /**
   * Completes the recording and gives it its name. Throws BagError BAG_WRITE when the disk failed; the messages before
   * the failure are kept.
   */
  async close(): Promise<void> {
    if (!this.#open) return
    this.#end()
    try {
      if (this.#failure) await this.#writer.abandon()
      else await this.#writer.close()
      if (this.#failure) throw this.#failure
      if (!this.#single) this.#describe()
      finishPart(this.#path, this.#output)
    } catch (error) {
      this.#fail(error)
      throw this.#failure
    }
  }

  /** Removes the recording. After a failure of the disk it is kept. */
  async discard(): Promise<void> {
    if (!this.#open) return
    this.#end()
    await this.#writer.abandon()
    if (!this.#failure) discardPart(this.#path)
  }

  #end(): void {
    this.#open = false
    clearInterval(this.#flushing)
  }

  #flush(): void {
    if (this.#failure) return
    this.#writer.flush()
    if (this.#single || this.#described === this.#channels.size) return
    try {
      this.#describe()
    } catch (error) {
      this.#fail(error)
    }
  }

  /**
   * Writes metadata.yaml. Before the end its counts are too low, but readers count the messages in the file itself.
   */
  #describe(): void {
    writeFileSync(join(partOf(this.#path), 'metadata.yaml'), this.#metadataYaml())
    this.#described = this.#channels.size
  }

  get #epoch(): BagEpoch {
    return (this.#knownEpoch ??= new BagEpoch(typeof this.#epochSec === 'number' ? this.#epochSec : this.#epochSec()))
  }

  get #fileName(): string {
    return `${basename(this.#path)}_0.mcap`
  }

  /** A channel of an unknown type keeps the type's name and has no definition. */
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
    const topics = [...this.#channels.values()].map(({ id, name, type }) => ({
      name,
      type,
      count: byChannel.get(id) ?? 0,
    }))
    return metadataYaml({ file: this.#fileName, topics, messages, start, end, custom: this.#metadata })
  }

  #fail(error: unknown): void {
    if (this.#failure) return
    const kept = this.#writer.kept / 1e6
    this.#failure = new BagError(
      'BAG_WRITE',
      `${this.#path}: cannot be written: ${messageOf(error)}; the ${kept.toFixed(1)} MB before that are ` +
        `kept in ${partOf(this.#path)}`,
      1,
    )
    this.#onFailure?.(this.#failure)
  }
}

/** Why no recording may be written at `path`, in one line; undefined when it may. See `refusal`. */
export function recordingRefusal(
  path: string,
  { overwrite, reads }: Pick<OutputOptions, 'overwrite' | 'reads'> = {},
): string | undefined {
  return refusal(recordingPath(path), { ...outputOptions(recordingPath(path), overwrite), reads })
}

function recordingPath(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}

function isSingle(path: string): boolean {
  return path.endsWith('.mcap')
}

function outputOptions(path: string, overwrite: boolean | undefined): OutputOptions {
  return { overwrite, ...(isSingle(path) ? {} : { kind: RECORDING }) }
}

const RECORDING: FolderKind = {
  mark: 'metadata.yaml',
  owns: name => name === 'metadata.yaml' || /\.(mcap|db3)(\.zstd)?$/.test(name),
}
