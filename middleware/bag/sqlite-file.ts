import { statSync } from 'node:fs'
import type Database from 'libsql'
import { requirePeers } from '../../peers/peers.js'
import type { BagMessage } from './bag-message.js'
import { BagDamage, BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import type { BagEpoch } from './bag-epoch.js'
import type { BagFile, FileToOpen } from './bag-file.js'
import { LARGEST_MESSAGE } from './limits.js'
import type { Source } from './merge.js'
import { openReadOnly } from './sqlite-open.js'
import { requireTables, topicsOf, type Topic } from './sqlite-tables.js'
import { loadZstd, messageUnpacker, type UnpackMessage } from './zstd.js'

/** Approximate bytes of a batch. */
const BATCH = 1 << 20
/** Least bytes of a row in its file. A damaged tree that gives more rows than fit has a cycle. */
const LEAST_ROW = 8

interface Row {
  readonly id: number
  readonly topic: number
  readonly sec: number
  readonly nanosec: number
  /** Bytes of its data. */
  readonly size: number
}

/**
 * Columns are read as numbers or bytes, never as text. libsql ends the process at a text that is not UTF-8, and a
 * damaged file may hold any bytes.
 */
const TIMES =
  'CAST(id AS INTEGER) AS id, CAST(topic_id AS INTEGER) AS topic, timestamp / 1000000000 AS sec, ' +
  'timestamp % 1000000000 AS nanosec, octet_length(data) AS size'

/** Opens a rosbag2 .db3. It throws the errors of `openBag`. */
export async function openSqlite({ path, plain, messageCompression }: FileToOpen): Promise<BagFile> {
  requirePeers(`${path}: a .db3 recording`, 'libsql')
  const { size, mtimeMs } = statSync(plain)
  if (messageCompression) await loadZstd(path)
  const { database, damage } = await openReadOnly(plain).catch((error: unknown) => {
    throw error instanceof BagError
      ? error
      : new BagError('BAG_MISSING', `${path}: cannot be opened: ${messageOf(error)}`)
  })
  let open = true
  const close = async (): Promise<void> => {
    if (open) database.close()
    open = false
  }
  const damageOf = (error: unknown): string => {
    const now = statSync(plain, { throwIfNoEntry: false })
    return now && now.mtimeMs !== mtimeMs ? 'it is being written' : `the database is damaged (${messageOf(error)})`
  }
  try {
    return openDatabase(database, { path, size, damage, messageCompression, close, damageOf })
  } catch (error) {
    await close()
    if (error instanceof BagError) throw error
    throw new BagError(
      'BAG_DAMAGED',
      `${path}: not even its beginning can be read as a rosbag2 database: ${messageOf(error)}`,
    )
  }
}

interface Options {
  readonly path: string
  readonly size: number
  /** Damage that is known before the database is read. */
  readonly damage: string | undefined
  readonly messageCompression: boolean
  readonly close: () => Promise<void>
  readonly damageOf: (error: unknown) => string
}

function openDatabase(
  database: Database.Database,
  { path, size, damage: known, messageCompression, close, damageOf }: Options,
): BagFile {
  let damage = known
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get()
  } catch (error) {
    // SQLite refuses a file that is shorter than its header says, except with this setting.
    damage ??= damageOf(error)
    database.exec('PRAGMA writable_schema = ON')
  }
  requireTables(database, path)
  const topics = topicsOf(database, path)
  const counted = damage === undefined ? count(database, size) : undefined
  if (counted === undefined) damage ??= 'the database is damaged'
  const rows = counted ? undefined : salvage(database)
  const counts = counted?.counts ?? tally(rows ?? [])
  const times = counted ?? extent(rows ?? [])
  const data = database.prepare('SELECT CAST(data AS BLOB) AS data FROM messages WHERE id = ?')
  const reader: Reader = {
    byId: new Map(topics.map(topic => [topic.id, topic])),
    dataOf: ({ id, size: bytes }) => {
      if (bytes > LARGEST_MESSAGE) throw new Error(`message ${id} has ${bytes} bytes`)
      const row = data.get(id) as { data: Uint8Array | null } | undefined
      if (!row) throw new Error(`message ${id} is not there`)
      return row.data ?? new Uint8Array()
    },
    unpacker: () => (messageCompression ? messageUnpacker(size) : bytes => bytes),
    rows: () =>
      rows ?? (database.prepare(`SELECT ${TIMES} FROM messages ORDER BY timestamp, id`).iterate() as Iterable<Row>),
    damageOf,
  }
  return {
    path,
    size,
    damage,
    close,
    start: times.start,
    end: times.end,
    records: {},
    topics: topics.filter(isRos2).map(topic => ({ ...described(topic, counts), offeredQos: topic.qos })),
    foreign: topics
      .filter(topic => !isRos2(topic))
      .map(topic => ({ ...described(topic, counts), encoding: topic.serialization })),
    sources: epoch => (times.end < times.start ? [] : [databaseSource(reader, epoch, epoch.sinceBig(times.start))]),
  }
}

const isRos2 = ({ serialization }: Topic): boolean => serialization === 'cdr'

function described(
  { id, name, type }: Topic,
  counts: ReadonlyMap<number, number>,
): { name: string; type: string; count: number } {
  return { name, type, count: counts.get(id) ?? 0 }
}

/** Number of messages of each topic, first and last time; undefined when the database is damaged. */
function count(
  database: Database.Database,
  size: number,
): { counts: Map<number, number>; start: bigint; end: bigint } | undefined {
  const most = Math.ceil(size / LEAST_ROW)
  try {
    const groups = database
      .prepare(
        'SELECT CAST(topic AS INTEGER) AS topic, count(*) AS count, CAST(min(time) AS INTEGER) AS start, ' +
          'CAST(max(time) AS INTEGER) AS end ' +
          `FROM (SELECT topic_id AS topic, timestamp AS time FROM messages LIMIT ${most}) GROUP BY 1`,
      )
      .safeIntegers()
      .all() as Record<'topic' | 'count' | 'start' | 'end', bigint | null>[]
    const counts = new Map(groups.map(group => [Number(group.topic), Number(group.count)]))
    if ([...counts.values()].reduce((sum, n) => sum + n, 0) >= most) return undefined
    const starts = groups.flatMap(({ start }) => start ?? [])
    const ends = groups.flatMap(({ end }) => end ?? [])
    const [start, end] = [
      starts.reduce((a, b) => (b < a ? b : a), starts.at(0) ?? 1n),
      ends.reduce((a, b) => (b > a ? b : a), ends.at(0) ?? 0n),
    ]
    // The times of the messages are not numbers.
    if (groups.length > 0 && end < start) return undefined
    return { counts, start, end }
  } catch {
    return undefined
  }
}

/** The rows that can be read one by one by their ids up to the damage, in receive order. */
function salvage(database: Database.Database): Row[] {
  const next = database.prepare(`SELECT ${TIMES} FROM messages NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1`)
  const rows: Row[] = []
  try {
    for (let id = -1; ; id = rows[rows.length - 1]!.id) {
      const row = next.get(id) as Row | undefined
      // The ids must grow. Otherwise the damaged tree has a cycle.
      if (row === undefined || row.id <= id) break
      rows.push(row)
    }
  } catch {
    // The damage begins here.
  }
  return rows.sort(inOrder)
}

const inOrder = (a: Row, b: Row): number => a.sec - b.sec || a.nanosec - b.nanosec || a.id - b.id

function tally(rows: readonly Row[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { topic } of rows) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  return counts
}

function extent(rows: readonly Row[]): { start: bigint; end: bigint } {
  const time = (row: Row | undefined, none: bigint): bigint =>
    row === undefined ? none : BigInt(Math.trunc(row.sec)) * 1_000_000_000n + BigInt(Math.trunc(row.nanosec))
  return { start: time(rows[0], 1n), end: time(rows.at(-1), 0n) }
}

interface Reader {
  readonly byId: ReadonlyMap<number, Topic>
  readonly dataOf: (row: Row) => Uint8Array
  /** Makes the decompressor for one pass through all messages. */
  readonly unpacker: () => UnpackMessage
  readonly rows: () => Iterable<Row>
  readonly damageOf: (error: unknown) => string
}

function databaseSource({ byId, dataOf, unpacker, rows, damageOf }: Reader, epoch: BagEpoch, start: number): Source {
  return {
    start,
    size: BATCH,
    async *batches() {
      const unpack = unpacker()
      let batch: BagMessage[] = []
      let bytes = 0
      let failure: unknown
      try {
        let last: Row | undefined
        for (const row of rows()) {
          const { id, topic, sec, nanosec } = row
          if (!Number.isSafeInteger(sec) || !Number.isSafeInteger(nanosec)) throw new Error(`message ${id} has no time`)
          const receive = epoch.sinceTime(sec, nanosec)
          // Rows must come in order, each once. Otherwise the damaged tree has a cycle.
          if (last && inOrder(row, last) <= 0) throw new Error('its index is out of order')
          last = row
          const of = topicOf(byId, topic)
          if (!isRos2(of)) continue
          const data = unpack(dataOf(row))
          const { name, type } = of
          batch.push(
            Number.isFinite(receive)
              ? { topic: name, type, receive, data }
              : { topic: name, type, receive, written: BigInt(sec) * 1_000_000_000n + BigInt(nanosec), data },
          )
          bytes += data.length
          if (bytes < BATCH) continue
          yield batch
          batch = []
          bytes = 0
        }
      } catch (error) {
        failure = error
      }
      if (batch.length > 0) yield batch
      if (failure !== undefined) throw new BagDamage(damageOf(failure))
      return undefined
    },
  }
}

function topicOf(topics: ReadonlyMap<number, Topic>, id: number): Topic {
  const topic = topics.get(id)
  if (topic === undefined) throw new Error(`a message of the unknown topic ${id}`)
  return topic
}
