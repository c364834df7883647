import { McapWriter } from '@mcap/core'
import { mkdirSync, openSync, closeSync, writeSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { stringify } from 'yaml'
import { encode } from '../cdr/codecs.js'
import { schemaText } from '../cdr/definitions.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { BagError } from './bag-error.js'

export interface BagWriterOptions {
  /** Whole seconds of the unix clock at stamp 0. Default: now. */
  readonly epochSec?: number
  /** Kept in the recording as a metadata record named `prehend`. */
  readonly metadata?: Readonly<Record<string, string>>
}

interface Written {
  readonly id: number
  readonly type: string
  count: number
}

const QOS = `- history: keep_last
  depth: 10
  reliability: reliable
  durability: volatile
  deadline: {sec: 9223372036, nsec: 854775807}
  lifespan: {sec: 9223372036, nsec: 854775807}
  liveliness: automatic
  liveliness_lease_duration: {sec: 9223372036, nsec: 854775807}
  avoid_ros_namespace_conventions: false
`

/**
 * Writes a rosbag2 recording (MCAP, ROS 2 profile, indexed, not compressed). A path that ends in .mcap is one file; any other is a folder with
 * metadata.yaml. It has its final name only once it is whole: `close` ends it properly, `discard` leaves nothing.
 */
export class BagWriter {
  readonly #path: string
  readonly #file: string
  readonly #temporary: string
  readonly #descriptor: number
  readonly #epochSec: number
  readonly #writer: McapWriter
  readonly #topics = new Map<string, Written>()
  #queue: Promise<void>
  #failure: unknown
  #position = 0
  #sequence = 0
  #first = Infinity
  #last = -Infinity

  /** Throws BagError BAG_WRITE where nothing can be written, or something is there already. */
  constructor(path: string, options: BagWriterOptions = {}) {
    this.#path = path
    const single = path.endsWith('.mcap')
    this.#file = single ? path : join(path, `${basename(path)}_0.mcap`)
    this.#temporary = `${this.#file}.part`
    this.#epochSec = options.epochSec ?? Math.floor(Date.now() / 1000)
    if (!single && existsSync(path)) throw new BagError('BAG_WRITE', `${path}: is there already; name a new folder, or a file that ends in .mcap`)
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      this.#descriptor = openSync(this.#temporary, 'w')
    } catch (error) {
      throw new BagError('BAG_WRITE', `${path}: cannot be written: ${error instanceof Error ? error.message : String(error)}`)
    }
    this.#writer = new McapWriter({
      writable: {
        write: (bytes: Uint8Array) => {
          this.#position += bytes.length
          writeSync(this.#descriptor, bytes)
          return Promise.resolve()
        },
        position: () => BigInt(this.#position),
      },
    })
    this.#queue = this.#writer.start({ profile: 'ros2', library: 'prehend' })
    const { metadata } = options
    if (metadata) this.#then(() => this.#writer.addMetadata({ name: 'prehend', metadata: new Map(Object.entries(metadata)) }))
  }

  /** Takes a message; it is encoded before this returns. `receive`: bus time, ns since the epoch. */
  write<T extends TypeName>(topic: string, type: T, message: MessageTypes[T], receive: number): void {
    this.writeRaw({ topic, type, receive, data: encode(type, message, this.#epochSec) })
  }

  /** Takes a message's CDR bytes as they are. */
  writeRaw(message: { readonly topic: string; readonly type: string; readonly receive: number; readonly data: Uint8Array }): void {
    const { topic, type, receive, data } = message
    this.#first = Math.min(this.#first, receive)
    this.#last = Math.max(this.#last, receive)
    const sequence = this.#sequence++
    this.#then(async () => {
      const written = this.#topics.get(topic) ?? await this.#register(topic, type)
      written.count++
      const logTime = BigInt(this.#epochSec) * 1_000_000_000n + BigInt(receive)
      await this.#writer.addMessage({ channelId: written.id, sequence, logTime, publishTime: logTime, data })
    })
  }

  /** Ends the recording and gives it its name. Throws what went wrong while writing. */
  async close(): Promise<void> {
    this.#then(() => this.#writer.end())
    await this.#queue
    closeSync(this.#descriptor)
    if (this.#failure !== undefined) throw this.#failure
    renameSync(this.#temporary, this.#file)
    if (this.#file !== this.#path) writeFileSync(join(this.#path, 'metadata.yaml'), this.#metadataYaml())
  }

  /** Gives up: nothing is left. */
  async discard(): Promise<void> {
    await this.#queue
    closeSync(this.#descriptor)
    rmSync(this.#temporary, { force: true })
    if (this.#file !== this.#path) rmSync(this.#path, { recursive: true, force: true })
  }

  #then(step: () => Promise<unknown>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#failure === undefined) await step()
    }).catch((error: unknown) => {
      this.#failure ??= error
    })
  }

  async #register(topic: string, type: string): Promise<Written> {
    const text = schemaText(type as TypeName)
    const schemaId = await this.#writer.registerSchema({ name: type, encoding: 'ros2msg', data: new TextEncoder().encode(text) })
    const id = await this.#writer.registerChannel({ topic, schemaId, messageEncoding: 'cdr', metadata: new Map([['offered_qos_profiles', QOS]]) })
    const written = { id, type, count: 0 }
    this.#topics.set(topic, written)
    return written
  }

  #metadataYaml(): string {
    const nothing = this.#first > this.#last
    const start = nothing ? 0n : BigInt(this.#epochSec) * 1_000_000_000n + BigInt(this.#first)
    const duration = nothing ? 0 : this.#last - this.#first
    const counts = [...this.#topics].map(([name, { type, count }]) => ({
      topic_metadata: { name, type, serialization_format: 'cdr', offered_qos_profiles: QOS, type_description_hash: '' },
      message_count: count,
    }))
    const total = counts.reduce((sum, topic) => sum + topic.message_count, 0)
    const file = basename(this.#file)
    return stringify({
      rosbag2_bagfile_information: {
        version: 5,
        storage_identifier: 'mcap',
        duration: { nanoseconds: duration },
        starting_time: { nanoseconds_since_epoch: start },
        message_count: total,
        topics_with_message_count: counts,
        compression_format: '',
        compression_mode: '',
        relative_file_paths: [file],
        files: [{ path: file, starting_time: { nanoseconds_since_epoch: start }, duration: { nanoseconds: duration }, message_count: total }],
      },
    })
  }
}
