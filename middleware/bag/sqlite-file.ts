import { stat } from 'node:fs/promises'
import Database from 'libsql'
import type { BagMessage } from './bag.js'
import { BagDamage, BagError, messageOf } from './bag-error.js'
import type { BagEpoch } from './bag-epoch.js'
import { typeName, type BagFile } from './bag-file.js'
import type { Source } from './merge.js'
import { decompressFrame, loadZstd } from './zstd.js'

/** Bytes of one batch, about. */
const BATCH = 1 << 20

interface Topic {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly serialization: string
  readonly qos: string
}

interface Row {
  readonly id: number
  readonly topic: number
  readonly sec: number
  readonly nanosec: number
}

/** libsql ends the process at a text that is not UTF-8, which damage makes of anything: columns are read as numbers or bytes. */
const TIMES = 'id, CAST(topic_id AS INTEGER) AS topic, timestamp / 1000000000 AS sec, timestamp % 1000000000 AS nanosec'

/** Opens a rosbag2 .db3; see `openBag` for the errors. `messageCompression`: each message is a zstd frame. */
export async function openSqlite(path: string, messageCompression: boolean): Promise<BagFile> {
  if (messageCompression) await loadZstd()
  const { size } = await stat(path)
  const database = new Database(path)
  let open = true
  const close = async (): Promise<void> => {
    if (open) database.close()
    open = false
  }
  try {
    return await openDatabase(database, { path, size, messageCompression, close })
  } catch (error) {
    await close()
    if (error instanceof BagError) throw error
    throw new BagError('BAG_DAMAGED', `${path}: not even its beginning can be read as a rosbag2 database: ${messageOf(error)}`)
  }
}

interface Options {
  readonly path: string
  readonly size: number
  readonly messageCompression: boolean
  readonly close: () => Promise<void>
}

async function openDatabase(database: Database.Database, { path, size, messageCompression, close }: Options): Promise<BagFile> {
  let damage: string | undefined
  try {
    database.prepare('SELECT count(*) FROM sqlite_master').get()
  } catch (error) {
    // SQLite refuses a file that is shorter than it says, but for repairs.
    damage = `the database is damaged (${messageOf(error)})`
    database.exec('PRAGMA writable_schema = ON')
  }
  const topics = readTopics(database, path)
  const counted = damage === undefined ? count(database) : undefined
  if (counted === undefined) damage ??= 'the database is damaged'
  const rows = counted ? undefined : salvage(database)
  const counts = counted?.counts ?? tally(rows ?? [])
  const times = counted ?? extent(rows ?? [])
  const data = database.prepare('SELECT CAST(data AS BLOB) AS data FROM messages WHERE id = ?')
  const byId = new Map(topics.map(topic => [topic.id, topic]))
  const reader: Reader = {
    byId,
    dataOf: id => {
      const row = data.get(id) as { data: Uint8Array } | undefined
      if (row === undefined) throw new Error(`message ${id} is not there`)
      return messageCompression ? decompressFrame(row.data) : row.data
    },
    rows: () => rows ?? database.prepare(`SELECT ${TIMES} FROM messages ORDER BY timestamp, id`).iterate() as Iterable<Row>,
  }
  return {
    path, size, damage, close,
    start: times.start,
    end: times.end,
    records: {},
    topics: topics.map(({ id, name, type, qos }) => ({ name, type, count: counts.get(id) ?? 0, offeredQos: qos })),
    sources: epoch => times.end < times.start ? [] : [databaseSource(reader, epoch, epoch.sinceBig(times.start))],
  }
}

type TopicRow = { readonly id: number } & Readonly<Record<'name' | 'type' | 'serialization' | 'qos', Uint8Array | null>>

const topicsWith = (qos: string): string => 'SELECT id, CAST(name AS BLOB) AS name, CAST(type AS BLOB) AS type, CAST(serialization_format AS BLOB) AS serialization, '
  + `CAST(${qos} AS BLOB) AS qos FROM topics ORDER BY id`

/** Throws TypeError for what is not UTF-8. */
const textOf = (bytes: Uint8Array | null): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? new Uint8Array())

function readTopics(database: Database.Database, path: string): Topic[] {
  let rows: TopicRow[]
  try {
    rows = database.prepare(topicsWith('offered_qos_profiles')).all() as TopicRow[]
  } catch (error) {
    if (!messageOf(error).includes('no such')) throw error
    try {
      rows = database.prepare(topicsWith("''")).all() as TopicRow[]
    } catch {
      throw new BagError('BAG_FORMAT', `${path}: an SQLite database, but not a bag: it has no table of rosbag2 topics`)
    }
  }
  const topics = rows.map(({ id, name, type, serialization, qos }): Topic =>
    ({ id, name: textOf(name), type: typeName(textOf(type)), serialization: textOf(serialization), qos: textOf(qos) }))
  for (const { name, serialization } of topics) {
    if (serialization !== 'cdr') {
      throw new BagError('BAG_ENCODING', `${path}: ${name} has the serialization format "${serialization}": only cdr (ROS 2) is known`)
    }
  }
  return topics
}

/** Number of messages a topic and first and last time; undefined when the database does not give them. */
function count(database: Database.Database): { counts: Map<number, number>; start: bigint; end: bigint } | undefined {
  try {
    const counts = database.prepare('SELECT CAST(topic_id AS INTEGER) AS topic, count(*) AS count FROM messages GROUP BY topic_id').all() as { topic: number; count: number }[]
    const times = database.prepare('SELECT CAST(min(timestamp) AS INTEGER) AS start, CAST(max(timestamp) AS INTEGER) AS end FROM messages').safeIntegers().get() as { start: bigint | null; end: bigint | null }
    // Messages whose times are no times.
    if (times.start !== null && times.end !== null && times.end < times.start) return undefined
    return { counts: new Map(counts.map(({ topic, count: n }) => [topic, n])), start: times.start ?? 1n, end: times.end ?? 0n }
  } catch {
    return undefined
  }
}

/** Every row that can be reached one by one in the order of writing, in receive order. */
function salvage(database: Database.Database): Row[] {
  const next = database.prepare(`SELECT ${TIMES}, length(data) FROM messages NOT INDEXED WHERE id > ? ORDER BY id LIMIT 1`)
  const rows: Row[] = []
  try {
    for (let id = -1; ; id = rows[rows.length - 1].id) {
      const row = next.get(id) as Row | undefined
      // A damaged tree may lead in a circle.
      if (row === undefined || row.id <= id) break
      rows.push(row)
    }
  } catch {
    // Here the damage begins.
  }
  return rows.sort((a, b) => a.sec - b.sec || a.nanosec - b.nanosec || a.id - b.id)
}

function tally(rows: readonly Row[]): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { topic } of rows) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  return counts
}

function extent(rows: readonly Row[]): { start: bigint; end: bigint } {
  const time = (row: Row | undefined, none: bigint): bigint => row === undefined ? none : BigInt(row.sec) * 1_000_000_000n + BigInt(row.nanosec)
  return { start: time(rows[0], 1n), end: time(rows.at(-1), 0n) }
}

interface Reader {
  readonly byId: ReadonlyMap<number, Topic>
  readonly dataOf: (id: number) => Uint8Array
  readonly rows: () => Iterable<Row>
}

function databaseSource({ byId, dataOf, rows }: Reader, epoch: BagEpoch, start: number): Source {
  return {
    start,
    async* batches() {
      let batch: BagMessage[] = []
      let bytes = 0
      let failure: unknown
      try {
        let last = -Infinity
        for (const { id, topic, sec, nanosec } of rows()) {
          const receive = (sec - epoch.sec) * 1_000_000_000 + nanosec
          if (receive < last) throw new Error('its index is out of order')
          last = receive
          const { name, type } = topicOf(byId, topic)
          const data = dataOf(id)
          batch.push({ topic: name, type, receive, data })
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
      if (failure !== undefined) throw new BagDamage(`the database is damaged (${messageOf(failure)})`)
      return undefined
    },
  }
}

function topicOf(topics: ReadonlyMap<number, Topic>, id: number): Topic {
  const topic = topics.get(id)
  if (topic === undefined) throw new Error(`a message of the unknown topic ${id}`)
  return topic
}
