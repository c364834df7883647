import { open, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { openRegular } from '../regular-file.js'
import { unpackFile } from '../zstd/unpack-file.js'
import { BagError } from './bag-error.js'
import { messageOf } from '../message-of.js'
import { UnpackBudget } from './limits.js'
import { listFolder } from './metadata-file.js'
import { Scratch } from './scratch.js'

type Storage = 'mcap' | 'sqlite3'

export interface LocatedFile {
  readonly path: string
  readonly storage: Storage
  /** Path of the uncompressed file; differs from `path` when that is compressed. */
  readonly plain: string
}

export interface Located {
  readonly files: readonly LocatedFile[]
  /** Each message is a zstd frame of its own. */
  readonly messageCompression: boolean
  /** Removes the decompressed copies. Open files stay readable. */
  close(): Promise<void>
}

const MAGIC = {
  mcap: Buffer.from([0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]),
  sqlite3: Buffer.from('SQLite format 3\0', 'latin1'),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
}

/** The files of a bag. The first bytes of a file decide what it is, not its name. Throws a BagError. */
export async function locate(path: string): Promise<Located> {
  const info = await stat(path).catch((error: unknown) => {
    throw new BagError(
      'BAG_MISSING',
      `${path}: no such bag (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}); name a ` +
        'rosbag2 folder, an .mcap or a .db3',
    )
  })
  const { files, messageCompression } = info.isDirectory()
    ? await listFolder(path)
    : { files: [path], messageCompression: false }
  const unpacked: Scratch[] = []
  const close = async (): Promise<void> => {
    for (const scratch of unpacked) await scratch.remove()
  }
  try {
    const located: LocatedFile[] = []
    for (const file of files) {
      const storage = await storageOf(file)
      if (storage !== 'zstd') {
        located.push({ path: file, plain: file, storage })
        continue
      }
      const scratch = await scratchFor(file)
      unpacked.push(scratch)
      const plain = await unpack(file, scratch)
      const inner = await storageOf(plain, file)
      if (inner === 'zstd') throw new BagError('BAG_COMPRESSION', `${file}: is packed twice: unpack it with zstd -d`)
      located.push({ path: file, plain, storage: inner })
    }
    return { files: located, messageCompression, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The storage of a file. `name`: the path that the user gave, for error messages. */
async function storageOf(path: string, name = path): Promise<Storage | 'zstd'> {
  const handle = await openRegular(path).catch((error: unknown) => {
    throw new BagError('BAG_MISSING', `${name}: cannot be opened: ${messageOf(error)}`)
  })
  try {
    const start = Buffer.alloc(16)
    const { bytesRead } = await handle.read(start, 0, 16, 0)
    if (bytesRead === 0) throw new BagError('BAG_EMPTY', `${name}: the file is empty; copy or record it again`)
    for (const storage of ['mcap', 'sqlite3', 'zstd'] as const) {
      if (start.subarray(0, MAGIC[storage].length).equals(MAGIC[storage])) return storage
    }
    // A skippable zstd frame. pzstd writes one first.
    if (start.readUInt32LE(0) >>> 4 === 0x184d2a5) return 'zstd'
    throw new BagError(
      'BAG_FORMAT',
      `${name}: not a bag: expected a rosbag2 directory, an .mcap or a .db3 file, and it begins like none of them`,
    )
  } catch (error) {
    throw error instanceof BagError
      ? error
      : new BagError('BAG_MISSING', `${name}: cannot be read: ${messageOf(error)}`)
  } finally {
    await handle.close()
  }
}

/**
 * A scratch folder for a compressed file. It must hold twice the file's size; the real size is not known in advance.
 */
async function scratchFor(file: string): Promise<Scratch> {
  const { size } = await stat(file)
  return Scratch.make(
    2 * size,
    `${file}: is packed as a whole and is unpacked for reading, to more than twice its size`,
  )
}

/** Decompresses a file. Throws BagError BAG_COMPRESSION or BAG_SPACE. */
async function unpack(file: string, scratch: Scratch): Promise<string> {
  const plain = join(scratch.path, basename(file).replace(/\.zstd?$/, ''))
  const source = await openRegular(file)
  const target = await open(plain, 'wx')
  try {
    const { size } = await source.stat()
    const budget = new UnpackBudget(size)
    await unpackFile(source, async bytes => {
      budget.take(bytes.length)
      for (let at = 0; at < bytes.length; ) at += (await target.write(bytes, at)).bytesWritten
    })
    return plain
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new BagError(
        'BAG_SPACE',
        `${file}: is packed as a whole, and there is no room to unpack it in ${scratch.path}: set TMPDIR ` +
          'to a folder with more',
      )
    }
    throw new BagError('BAG_COMPRESSION', `${file}: cannot be unpacked: ${messageOf(error)}; try: zstd -d`)
  } finally {
    await source.close()
    await target.close()
  }
}
