import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openBag } from '../../middleware/bag/bag.js'
import { byTime, readRows, type Row } from './bag-rows.js'
import { python, temporaryFolder } from './python-script.js'

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
let written: Row[]

beforeAll(() => {
  written = JSON.parse(python('write_bags.py', folder.path)) as Row[]
  python('odd_bags.py', folder.path)
  mkdirSync(at('temporary'))
  chmodSync(at('temporary'), 0o777)
  chmodSync(folder.path, 0o755)
  vi.stubEnv('TMPDIR', at('temporary'))
})
afterAll(() => {
  vi.unstubAllEnvs()
  folder.remove()
})

/** Name, bytes and times of every file of a folder. */
function stateOf(path: string): unknown {
  return readdirSync(path)
    .sort()
    .map(name => {
      const { size, mtimeNs, ino } = statSync(join(path, name), { bigint: true })
      return {
        name,
        size,
        mtimeNs,
        ino,
        sha256: createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex'),
      }
    })
}

/** Runs something as a user whom modes keep out, where the tests run as root, whom none does. */
async function asAnybody<T>(what: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return what()
  process.seteuid?.(ANYBODY)
  try {
    return await what()
  } finally {
    process.seteuid?.(0)
  }
}

const ANYBODY = 65534

/**
 * A write-ahead log that calls itself one of the format after the present one; its header's checksum as
 * https://sqlite.org/fileformat.html (4.1, 4.4) has it.
 */
function ofNextVersion(log: Buffer): Buffer {
  log.writeUInt32BE(log.readUInt32BE(4) + 1, 4)
  const word = (at: number): number => (log.readUInt32BE(0) % 2 === 0 ? log.readUInt32LE(at) : log.readUInt32BE(at))
  let [first, second] = [0, 0]
  for (let at = 0; at < 24; at += 8) {
    first = (first + word(at) + second) >>> 0
    second = (second + word(at + 4) + first) >>> 0
  }
  log.writeUInt32BE(first, 24)
  log.writeUInt32BE(second, 28)
  return log
}

const copies = (): string[] => readdirSync(tmpdir())

describe('reading changes nothing', () => {
  it.each(['wal', 'journal', 'closed', 'dir_db3', 'dir_db3_file', 'dir_mcap_zstd', 'two_frames'])(
    '%s: every byte, name and time in its folder stays, and all that was recorded is read',
    async name => {
      const before = stateOf(at(name))
      expect(await readRows(at(name))).toEqual({ rows: byTime(written), damage: undefined })
      expect(stateOf(at(name))).toEqual(before)
      expect(copies()).toEqual([])
    },
  )

  it('what lies in a log or a journal is there: the file alone would give other messages', () => {
    expect(readdirSync(at('wal'))).toEqual(['run_0.db3', 'run_0.db3-wal'])
    expect(readdirSync(at('journal'))).toEqual(['run_0.db3', 'run_0.db3-journal'])
  })

  it.each(['wal', 'journal', 'closed'])(
    '%s: what lies in an archive whose files may be read alone is read, by others than root too',
    async name => {
      const path = at(`${name}_locked`)
      mkdirSync(path)
      for (const file of readdirSync(at(name))) copyFileSync(join(at(name), file), join(path, file))
      for (const file of readdirSync(path)) chmodSync(join(path, file), 0o444)
      chmodSync(path, 0o555)
      const before = stateOf(path)
      expect(await asAnybody(() => readRows(path))).toEqual({ rows: byTime(written), damage: undefined })
      expect(stateOf(path)).toEqual(before)
      expect(copies()).toEqual([])
      chmodSync(path, 0o755)
    },
  )

  it('a log that SQLite cannot read is reported, and the messages in the database are read', async () => {
    const path = at('wal_newer')
    mkdirSync(path)
    copyFileSync(at('wal/run_0.db3'), join(path, 'run_0.db3'))
    writeFileSync(join(path, 'run_0.db3-wal'), ofNextVersion(readFileSync(at('wal/run_0.db3-wal'))))
    const { rows, damage } = await readRows(path)
    expect(rows.length).toBeLessThan(written.length)
    expect(damage).toMatch(/^what its recorder left in run_0\.db3-wal cannot be read \(.*unable to open/)
  })

  it('a copy is gone as soon as the bag is open, so that a killed process leaves none', async () => {
    const bag = await openBag(at('wal'))
    expect(copies()).toEqual([])
    await bag.close()
  })

  it.each(['WAL', 'DELETE'])(
    'a recording that another process is writing (%s): gives messages that were written, in order, ' +
      'and the recorder meets no lock',
    async mode => {
      const path = at(`live_${mode}.db3`)
      copyFileSync(at('one.db3'), path)
      const recorder = spawn(
        fileURLToPath(new URL('../../.venv/bin/python', import.meta.url)),
        [
          '-c',
          `
import sqlite3, sys
db = sqlite3.connect(${JSON.stringify(path)}, timeout=0, isolation_level=None)
db.execute("PRAGMA journal_mode=${mode}"); db.execute("PRAGMA synchronous=OFF"); db.execute("PRAGMA wal_autocheckpoint=20")
n = 0
import select
while not select.select([sys.stdin], [], [], 0)[0]:
    db.execute("BEGIN")
    for i in range(20):
        db.execute("INSERT INTO messages (topic_id, timestamp, data) SELECT topic_id, max(timestamp) + 1000, data FROM messages WHERE topic_id = 2")
        n += 1
    db.execute("COMMIT")
    if n == 20: print("go", flush=True)
print(n)
`,
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      let said = ''
      recorder.stdout.on('data', (text: Buffer) => (said += text.toString()))
      const ended = new Promise<number | null>(resolve => recorder.once('exit', resolve))
      await new Promise<void>(resolve => recorder.stdout.once('data', () => resolve()))
      const known = new Set(written.map(([topic, type, , sha256]) => `${topic} ${type} ${sha256}`))
      for (let i = 0; i < 5; i++) {
        const read = await readRows(path).catch(
          (error: unknown) => error as { code: string; exit: number; message: string },
        )
        if ('code' in read) {
          expect(read).toMatchObject({ exit: 2 })
          continue
        }
        expect(read.rows).toEqual(byTime(read.rows))
        expect(read.rows.every(([topic, type, , sha256]) => known.has(`${topic} ${type} ${sha256}`))).toBe(true)
        if (mode === 'WAL') {
          expect(read.damage).toBeUndefined()
          expect(read.rows.length).toBeGreaterThanOrEqual(written.length)
        }
      }
      recorder.stdin.end('stop\n')
      expect(await ended).toBe(0)
      expect(Number(said.trim().split('\n').at(-1))).toBeGreaterThan(20)
    },
  )
})

describe('what people have is found', () => {
  it.each([
    'foxy',
    'without_suffix',
    'unpacked',
    'streamed',
    'two_frames',
    'odd_frames',
    'lone',
    'kept_both',
    'no_schemas.mcap',
    'no_channels.mcap',
    'neither.mcap',
  ])('%s: is read whole', async name => {
    expect(await readRows(at(name))).toEqual({ rows: byTime(written), damage: undefined })
  })

  it.each([
    ['with_json_jsonschema.mcap', 'Note', 'json'],
    ['with_protobuf_protobuf.mcap', 'foxglove.Log', 'protobuf'],
    ['with_ros1_ros1msg.mcap', 'std_msgs/msg/String', 'ros1'],
    ['with_cdr_omgidl.mcap', 'foxglove::Log', 'cdr (omgidl)'],
    ['with_json.db3', 'Note', 'json'],
  ])('%s: a topic that is not of ROS 2 is told of and left alone', async (name, type, encoding) => {
    const bag = await openBag(at(name))
    try {
      expect(bag.foreign).toEqual([{ name: '/notes', type, count: 3, encoding }])
      expect(bag.topics.map(topic => topic.name)).not.toContain('/notes')
      expect(bag.messageCount).toBe(written.length)
    } finally {
      await bag.close()
    }
    expect(await readRows(at(name))).toEqual({ rows: byTime(written), damage: undefined })
  })
})
