import type Database from 'libsql'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import { typeName } from './bag-file.js'

/** Limits of a recording: its topics, and the bytes of their names, types and QoS. */
const MOST_TOPICS = 65_536
const MOST_TEXT = 32 << 20

export interface Topic {
  readonly id: number
  readonly name: string
  readonly type: string
  readonly serialization: string
  readonly qos: string
}

/**
 * Requires that messages and topics are stored tables. A view, a virtual table or a generated column is computed, and
 * the computation need not end. Throws BagError BAG_FORMAT.
 */
export function requireTables(database: Database.Database, path: string): void {
  // libsql ends the process at a text that is not UTF-8, so no name is read.
  const stored = database
    .prepare(
      `SELECT count(*) AS count FROM sqlite_master WHERE lower(name) IN ('topics', 'messages') AND type ` +
        `= 'table' AND rootpage > 0`,
    )
    .get() as { count: number }
  const named = database
    .prepare(`SELECT count(*) AS count FROM sqlite_master WHERE lower(name) IN ('topics', 'messages')`)
    .get() as { count: number }
  if (named.count < 2)
    throw new BagError(
      'BAG_FORMAT',
      `${path}: an SQLite database, but not a bag: it has no table of rosbag2 ` +
        `${named.count === 0 ? 'topics' : 'topics or messages'}`,
    )
  if (stored.count !== 2 || named.count !== 2)
    throw new BagError('BAG_FORMAT', `${path}: not a bag: its messages or topics are no stored tables`)
  for (const table of ['topics', 'messages']) {
    const { computed } = database
      .prepare(`SELECT count(*) AS computed FROM pragma_table_xinfo('${table}') WHERE hidden <> 0`)
      .get() as { computed: number }
    if (computed > 0)
      throw new BagError('BAG_FORMAT', `${path}: not a bag: its table ${table} has columns that are computed`)
  }
}

type TopicRow = { readonly id: number } & Readonly<Record<'name' | 'type' | 'serialization' | 'qos', Uint8Array | null>>

const COLUMNS = ['name', 'type', 'serialization_format']

/** All topics, of every serialization format. Throws BagError BAG_FORMAT, and SQLite's error for a damaged database. */
export function topicsOf(database: Database.Database, path: string): Topic[] {
  const read = (qos: string): TopicRow[] => {
    const lengths = [...COLUMNS, qos].map(column => `coalesce(octet_length(${column}), 0)`).join(' + ')
    const { count, bytes } = database
      .prepare(
        `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM (SELECT ${lengths} AS bytes FROM ` +
          `topics LIMIT ${MOST_TOPICS + 1})`,
      )
      .get() as { count: number; bytes: number }
    if (count > MOST_TOPICS || bytes > MOST_TEXT)
      throw new BagError('BAG_FORMAT', `${path}: not a bag: ${count} topics with ${bytes} bytes of names and types`)
    return database
      .prepare(
        'SELECT CAST(id AS INTEGER) AS id, CAST(name AS BLOB) AS name, CAST(type AS BLOB) AS type, ' +
          'CAST(serialization_format AS BLOB) AS serialization, ' +
          `CAST(${qos} AS BLOB) AS qos FROM topics ORDER BY id LIMIT ${MOST_TOPICS}`,
      )
      .all() as TopicRow[]
  }
  let rows: TopicRow[]
  try {
    rows = read('offered_qos_profiles')
  } catch (error) {
    if (!messageOf(error).includes('no such')) throw error
    try {
      rows = read(`''`)
    } catch {
      throw new BagError('BAG_FORMAT', `${path}: an SQLite database, but not a bag: it has no table of rosbag2 topics`)
    }
  }
  return rows.map(({ id, name, type, serialization, qos }) => ({
    id,
    name: textOf(name),
    type: typeName(textOf(type)),
    serialization: textOf(serialization),
    qos: textOf(qos),
  }))
}

/** Throws a TypeError for bytes that are not UTF-8. */
const textOf = (bytes: Uint8Array | null): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? new Uint8Array())
