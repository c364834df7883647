import { openSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { encode } from '../cdr/codecs.js'
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
import { BagError, messageOf } from './bag-error.js'
import type { Compression } from './compression.js'
import { McapFileWriter } from './mcap-writer.js'
import { metadataYaml, OFFERED_QOS } from './rosbag2-metadata.js'

export interface BagWriterOptions {
  /** Absolute seconds at stamp 0, or what gives them once there is something to write. Default: now. */
  readonly epochSec?: number | (() => number)
  /**
   * Absolute seconds that the stamps of messages count from, where that is another zero than that of their receive
   * times.
   */
  readonly stampEpochSec?: number
  /** Kept in the recording as a metadata record named `prehend`: `robot` (the canonical robot file) and `sha256`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Default: none, which costs a recording in real time the least. */
  readonly compression?: Compression
  /** A recording of that name is replaced when this one is whole. Default: refused. */
  readonly overwrite?: boolean | undefined
  /**
   * ms after which what was taken is in the file at the latest; Infinity: when a chunk is full, so that the same
   * messages make the same bytes.
   */
  readonly flushMs?: number
  /**
   * `write` never waits: a disk that falls behind by 64 MB counts as one that refuses. Default: from there on `write`
   * takes as long as the disk does, for where time waits (a replay, lockstep).
   */
  readonly realTime?: boolean | undefined
  /** Told once, at once, when the disk refuses: from then on the writer takes nothing, and `close` throws the same. */
  readonly onFailure?: ((error: BagError) => void) | undefined
}

/** Well below what a recording may lose when its process dies. */
const FLUSH_MS = 500

/**
 * Writes a rosbag2 recording (MCAP, ROS 2 profile, chunked and indexed): one file where the path ends in .mcap, else a
 * folder with metadata.yaml. It has its name only once it is whole, and lies at `partOf(path)` before, readable as a
 * bag at every moment: `close` ends it properly, `discard` leaves nothing. Where the disk refuses, or the process dies,
 * what was written stays there.
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
   * Throws BagError BAG_EXISTS where something is there already, finished or not, BAG_WRITE where nothing can be
   * written.
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

  /** Messages that it took. */
  get messages(): number {
    return this.#writer.counts.messages
  }

  /** Bytes that the disk has taken; it grows while `close` waits. */
  get written(): number {
    return this.#writer.written
  }

  /**
   * Takes a message; it is encoded before this returns. `receive`: bus time, ns since the epoch. Throws CdrError for
   * one that cannot be encoded.
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
      // Such as a time that no recording can hold. What came before it is kept.
      this.#writer.flush()
      this.#fail(error)
    }
  }

  /**
   * Ends the recording and gives it its name. Throws BagError BAG_WRITE where the disk refused; what was written before
   * is kept.
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

  /** Gives up: nothing is left, except where the disk refused. */
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
   * Writes metadata.yaml. Before the end its counts are those of the moment; readers take the messages from the file.
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

/** Why a recording may not be written at `path`, in one line, or undefined; see `refusal`. */
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
