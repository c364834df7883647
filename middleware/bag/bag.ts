import { BagDamage } from './bag-error.js'
import { BagEpoch, Span } from './bag-epoch.js'
import type { BagFile } from './bag-file.js'
import type { BagMessage, BagTopic, ForeignTopic } from './bag-message.js'
import { locate } from './locate.js'
import { merge } from './merge.js'
import { openMcap } from './mcap-file.js'
import { openSqlite } from './sqlite-file.js'

export type { BagMessage, BagTopic, ForeignTopic } from './bag-message.js'

/** A recording that is open for reading. Its messages can be read any number of times. */
export interface Bag {
  readonly path: string
  readonly storage: 'mcap' | 'sqlite3'
  readonly files: readonly string[]
  /** Bytes of all files together. */
  readonly size: number
  readonly topics: readonly BagTopic[]
  readonly foreign: readonly ForeignTopic[]
  readonly messageCount: number
  /** The zero of this bag's receive times, in absolute seconds. */
  readonly epochSec: number
  /**
   * First and last receive time in ns since the epoch; both are 0 for a bag without messages. Messages that were logged
   * decades away from the others do not count: the recorder's clock was not set.
   */
  readonly start: number
  readonly end: number
  readonly durationNs: number
  /**
   * The record that prehend wrote: `robot` (the canonical robot file) and `sha256`. Empty for other recordings.
   */
  readonly metadata: Readonly<Record<string, string>>
  /** All metadata records of an MCAP by name. */
  readonly records: Readonly<Record<string, Readonly<Record<string, string>>>>
  /**
   * Why only a part of the bag can be read; undefined for a sound bag. It is known when the bag has been read to its
   * end; for a file that is cut off, already before.
   */
  readonly damage: string | undefined
  /**
   * All messages in receive order; messages of the same time in file order. They end at the damage if there is any.
   * Memory does not grow with the bag.
   */
  batches(): AsyncGenerator<readonly BagMessage[], undefined>
  close(): Promise<void>
}

/** The name of the metadata record that prehend writes. */
export const PREHEND_RECORD = 'prehend'

/**
 * Opens a rosbag2 directory, an .mcap or a .db3. Throws a BagError of one line when that fails. A bag that is cut off
 * or damaged opens when its beginning can be read; see `damage`.
 */
export async function openBag(path: string): Promise<Bag> {
  const located = await locate(path)
  const files: BagFile[] = []
  try {
    for (const { storage, ...file } of located.files) {
      const toOpen = { ...file, messageCompression: located.messageCompression }
      files.push(storage === 'mcap' ? await openMcap(toOpen) : await openSqlite(toOpen))
    }
    // Open files stay readable without a name. So no decompressed copy is left when this process is killed.
    await located.close()
    return new OpenBag(path, located.files[0]!.storage, files, await extentOf(files), located.close)
  } catch (error) {
    for (const file of files) await file.close()
    await located.close()
    throw error
  }
}

interface Extent {
  readonly start: bigint
  readonly end: bigint
  /** Whether there are messages outside `start` and `end`. */
  readonly hasStrays: boolean
}

/**
 * First and last receive time, absolute ns; `end < start` for a bag without messages. Reads all messages when the
 * range in the file's summary is so long that it must have outliers.
 */
async function extentOf(files: readonly BagFile[]): Promise<Extent> {
  const filled = files.filter(({ start, end }) => end >= start)
  if (filled.length === 0) return { start: 1n, end: 0n, hasStrays: false }
  const start = filled.reduce((least, file) => (file.start < least ? file.start : least), filled[0]!.start)
  const end = filled.reduce((most, file) => (file.end > most ? file.end : most), filled[0]!.end)
  if (Span.isNarrow(start, end)) return { start, end, hasStrays: false }
  const span = new Span()
  const epoch = BagEpoch.before(start)
  try {
    for await (const batch of merge(files.flatMap(file => file.sources(epoch))))
      for (const message of batch) span.add(epoch.absolute(message))
  } catch (error) {
    // The messages up to the damage count.
    if (!(error instanceof BagDamage)) throw error
  }
  return { ...span.extent(), hasStrays: true }
}

class OpenBag implements Bag {
  readonly path: string
  readonly storage: 'mcap' | 'sqlite3'
  readonly files: readonly string[]
  readonly size: number
  readonly topics: readonly BagTopic[]
  readonly foreign: readonly ForeignTopic[]
  readonly messageCount: number
  readonly epochSec: number
  readonly start: number
  readonly end: number
  readonly durationNs: number
  readonly metadata: Readonly<Record<string, string>>
  readonly records: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly #files: readonly BagFile[]
  readonly #epoch: BagEpoch
  readonly #release: () => Promise<void>
  readonly #hasStrays: boolean
  #damage: string | undefined

  constructor(
    path: string,
    storage: 'mcap' | 'sqlite3',
    files: readonly BagFile[],
    { start, end, hasStrays }: Extent,
    release: () => Promise<void>,
  ) {
    const isEmpty = end < start
    this.path = path
    this.storage = storage
    this.#files = files
    this.#release = release
    this.#hasStrays = hasStrays
    this.files = files.map(file => file.path)
    this.size = files.reduce((sum, file) => sum + file.size, 0)
    this.topics = sumTopics(files.flatMap(file => file.topics))
    this.foreign = sumTopics(files.flatMap(file => file.foreign))
    this.messageCount = this.topics.reduce((sum, { count }) => sum + count, 0)
    this.#epoch = BagEpoch.before(isEmpty ? 0n : start)
    this.epochSec = this.#epoch.sec
    this.start = isEmpty ? 0 : this.#epoch.sinceBig(start)
    this.end = isEmpty ? 0 : this.#epoch.sinceBig(end)
    this.durationNs = this.end - this.start
    this.records = Object.fromEntries(files.flatMap(file => Object.entries(file.records)))
    this.metadata = this.records[PREHEND_RECORD] ?? {}
    this.#damage = files.find(file => file.damage !== undefined)?.damage
  }

  get damage(): string | undefined {
    return this.#damage
  }

  async *batches(): AsyncGenerator<readonly BagMessage[], undefined> {
    try {
      const batches = merge(this.#files.flatMap(file => file.sources(this.#epoch)))
      if (!this.#hasStrays) yield* batches
      else for await (const batch of batches) yield batch.map(message => this.#judged(message))
    } catch (error) {
      if (!(error instanceof BagDamage)) throw error
      this.#damage = error.message
    }
  }

  /** A message outside the bag's time range gets an infinite receive time. */
  #judged(message: BagMessage): BagMessage {
    const { receive } = message
    if (receive >= this.start && receive <= this.end) return message
    return { ...message, receive: receive < this.start ? -Infinity : Infinity, written: this.#epoch.absolute(message) }
  }

  async close(): Promise<void> {
    for (const file of this.#files) await file.close()
    await this.#release()
  }
}

/** The topics with their counts summed, one entry for a topic and type, in the order of their first occurrence. */
function sumTopics<T extends BagTopic | ForeignTopic>(all: readonly T[]): T[] {
  const topics = new Map<string, T>()
  for (const topic of all) {
    const key = `${topic.name} ${topic.type}`
    topics.set(key, { ...topic, count: topic.count + (topics.get(key)?.count ?? 0) })
  }
  return [...topics.values()]
}
