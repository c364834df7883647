import { constants } from 'node:fs'
import { chmod, copyFile, truncate, type FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type Database from 'libsql'
import { libsql } from '../../peers/commonjs.js'
import { openRegular } from '../regular-file.js'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import { Scratch } from './scratch.js'

/** How often a copy is tried again because the recorder moved its log into the database meanwhile. */
const TRIES = 5
const WAL_HEAD = 32
const JOURNAL_MAGIC = Buffer.from([0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7])
/** Bytes of memory that SQLite may use in this process. A statement that needs more fails. */
const HEAP = 192 << 20

/**
 * Opens a database for reading. Neither the file nor anything beside it changes, and no lock is taken that could
 * disturb the recorder. A recorder that was stopped, or still writes, leaves a write-ahead log or a rollback journal.
 * SQLite would move it into the file first, so it gets a private copy to do that in. `damage` says why it could not be
 * done. Throws BagError BAG_SPACE or BAG_BUSY, and the errors of opening the files. Needs libsql.
 */
export async function openReadOnly(path: string): Promise<{ database: Database.Database; damage: string | undefined }> {
  const pending = await pendingOf(path)
  if (pending === undefined) return { database: immutable(path), damage: undefined }
  const scratch = await Scratch.make(
    pending.bytes,
    `${path}: what its recorder left in ${pending.suffix} is read in a private copy`,
  )
  try {
    const copy = join(scratch.path, 'bag.db3')
    await copyPair(path, copy, pending.suffix)
    const failure = settle(copy) ?? ((await pendingOf(copy)) ? 'SQLite left it as it is' : undefined)
    const damage =
      failure === undefined
        ? undefined
        : `what its recorder left in ${basename(path)}${pending.suffix} cannot be read (${failure})`
    return { database: immutable(copy), damage }
  } finally {
    await scratch.remove()
  }
}

/** A log beside the database. */
interface Pending {
  readonly suffix: '-wal' | '-journal'
  /** Bytes that a copy of both files needs at the most. */
  readonly bytes: number
  /** First bytes of the log. They differ for every new log. */
  readonly head: Buffer
}

/** The log whose contents are not in the database yet, or must be rolled back; undefined when there is none. */
async function pendingOf(path: string): Promise<Pending | undefined> {
  for (const suffix of ['-wal', '-journal'] as const) {
    const handle = await openRegular(path + suffix).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new BagError('BAG_MISSING', `${path}${suffix}: cannot be opened: ${messageOf(error)}`)
    })
    if (handle === undefined) continue
    const [{ size }, head] = await statAndHead(handle)
    const counts = suffix === '-wal' ? size > WAL_HEAD : head.subarray(0, JOURNAL_MAGIC.length).equals(JOURNAL_MAGIC)
    if (!counts) continue
    const database = await openRegular(path)
    const [{ size: main }] = await statAndHead(database)
    return { suffix, bytes: 2 * (main + size), head }
  }
  return undefined
}

async function statAndHead(handle: FileHandle): Promise<[{ size: number }, Buffer]> {
  try {
    const head = Buffer.alloc(WAL_HEAD)
    await handle.read(head, 0, head.length, 0)
    return [await handle.stat(), head]
  } finally {
    await handle.close()
  }
}

/**
 * Copies the database first and its log second. Pages that the recorder moves from the log into the database meanwhile
 * are then in the copied log too, as long as the log is the same one afterwards.
 */
async function copyPair(path: string, copy: string, suffix: '-wal' | '-journal'): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const before = await pendingOf(path)
    await copyToWrite(path, copy)
    if (before === undefined) return
    await copyToWrite(path + suffix, copy + suffix).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
    const after = await pendingOf(path)
    if (after === undefined || before.suffix !== suffix || after.suffix !== suffix || !after.head.equals(before.head))
      continue
    if (suffix === '-journal') await forgetSuper(copy + suffix)
    return
  }
  throw new BagError(
    'BAG_BUSY',
    `${path}: is being written, and changed each of ${TRIES} times that it was copied: read it when ` +
      'its recorder has ended',
  )
}

/** Copies a file and makes the copy writable. The original may be read-only, and SQLite must write to the copy. */
async function copyToWrite(path: string, copy: string): Promise<void> {
  await copyFile(path, copy, constants.COPYFILE_FICLONE)
  await chmod(copy, 0o600)
}

/**
 * A journal may end with the name of a super-journal, a file that SQLite would read and remove. Without its last bytes
 * it does not.
 */
async function forgetSuper(journal: string): Promise<void> {
  const handle = await openRegular(journal)
  const { size } = await handle.stat()
  const end = Buffer.alloc(JOURNAL_MAGIC.length)
  await handle.read(end, 0, end.length, Math.max(0, size - end.length))
  await handle.close()
  if (end.equals(JOURNAL_MAGIC) && size > WAL_HEAD) await truncate(journal, size - end.length)
}

/** Lets SQLite move the log into the copy. Returns the reason when that fails. */
function settle(copy: string): string | undefined {
  const database = limited(open(pathToFileURL(copy).href))
  try {
    database.prepare('PRAGMA journal_mode = DELETE').get()
    return undefined
  } catch (error) {
    return messageOf(error)
  } finally {
    database.close()
  }
}

function open(url: string): Database.Database {
  const Opened = libsql()
  return new Opened(url)
}

function immutable(path: string): Database.Database {
  return limited(open(`${pathToFileURL(path).href}?immutable=1&mode=ro`))
}

function limited(database: Database.Database): Database.Database {
  database.prepare(`PRAGMA hard_heap_limit = ${HEAP}`).get()
  return database
}
