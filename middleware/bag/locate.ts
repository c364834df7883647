import { mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { BagError, messageOf } from './bag-error.js'
import { decompressFrame, loadZstd } from './zstd.js'

export interface Located {
  readonly files: readonly { readonly path: string; readonly storage: 'mcap' | 'sqlite3' }[]
  /** Each message is a zstd frame of its own. */
  readonly messageCompression: boolean
  /** Removes what had to be unpacked. */
  close(): Promise<void>
}

const Metadata = z.object({
  rosbag2_bagfile_information: z.object({
    relative_file_paths: z.array(z.string()),
    compression_format: z.string().optional(),
    compression_mode: z.string().optional(),
  }),
})

const MAGIC = {
  mcap: Buffer.from([0x89, 0x4d, 0x43, 0x41, 0x50, 0x30, 0x0d, 0x0a]),
  sqlite3: Buffer.from('SQLite format 3\0', 'latin1'),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
}

/** The files of a bag, told by their first bytes and not by their names. */
export async function locate(path: string): Promise<Located> {
  const info = await stat(path).catch((error: unknown) => {
    throw new BagError('BAG_MISSING', `${path}: no such bag (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}); name a rosbag2 folder, an .mcap or a .db3`)
  })
  const { files, messageCompression } = info.isDirectory() ? await listed(path) : { files: [path], messageCompression: false }
  const unpacked = new Unpacked()
  try {
    const storages = []
    for (const file of files) {
      const storage = await storageOf(file)
      if (storage === 'zstd') {
        const plain = await unpacked.add(file)
        storages.push({ path: plain, storage: await storageOf(plain) })
      } else {
        storages.push({ path: file, storage })
      }
    }
    return { files: storages as Located['files'], messageCompression, close: () => unpacked.close() }
  } catch (error) {
    await unpacked.close()
    throw error
  }
}

async function listed(folder: string): Promise<{ files: string[]; messageCompression: boolean }> {
  const text = await readFile(join(folder, 'metadata.yaml'), 'utf8').catch(() => undefined)
  if (text === undefined) {
    const bags = (await readdir(folder)).filter(name => /\.(mcap|db3)(\.zstd)?$/.test(name))
    if (bags.length !== 1) {
      throw new BagError('BAG_METADATA', `${folder}: not a bag: no metadata.yaml, and ${bags.length === 0 ? 'no' : `${bags.length}`} .mcap or .db3 files instead of one;`
        + ' mend it with: ros2 bag reindex')
    }
    return { files: [join(folder, bags[0])], messageCompression: false }
  }
  const metadata = Metadata.safeParse(parsed(folder, text))
  if (!metadata.success) {
    const [issue] = metadata.error.issues
    throw new BagError('BAG_METADATA', `${folder}/metadata.yaml: ${issue.path.join('.')}: ${issue.message}; mend it with: ros2 bag reindex`)
  }
  const { relative_file_paths: names, compression_format: format, compression_mode: mode } = metadata.data.rosbag2_bagfile_information
  if (names.length === 0) throw new BagError('BAG_METADATA', `${folder}/metadata.yaml: relative_file_paths is empty; mend it with: ros2 bag reindex`)
  if (format !== undefined && !['', 'zstd'].includes(format)) {
    throw new BagError('BAG_COMPRESSION', `${folder}/metadata.yaml: compression_format ${format}: only zstd is known`)
  }
  // rosbag2 before Foxy wrote the folder's own name in front.
  const files = await Promise.all(names.map(async name => {
    const places = [join(folder, name), join(folder, basename(name))]
    for (const place of places) if (await stat(place).then(() => true, () => false)) return place
    throw new BagError('BAG_MISSING', `${places[0]}: metadata.yaml names it, and it is not there`)
  }))
  return { files, messageCompression: mode?.toUpperCase() === 'MESSAGE' }
}

function parsed(folder: string, text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new BagError('BAG_METADATA', `${folder}/metadata.yaml: not YAML: ${messageOf(error).split('\n')[0]}`)
  }
}

async function storageOf(path: string): Promise<'mcap' | 'sqlite3' | 'zstd'> {
  const handle = await open(path).catch((error: unknown) => {
    throw new BagError('BAG_MISSING', `${path}: cannot be opened (${(error as NodeJS.ErrnoException).code ?? messageOf(error)})`)
  })
  try {
    const start = Buffer.alloc(16)
    const { bytesRead } = await handle.read(start, 0, 16, 0)
    if (bytesRead === 0) throw new BagError('BAG_EMPTY', `${path}: the file is empty; copy or record it again`)
    for (const storage of ['mcap', 'sqlite3', 'zstd'] as const) {
      if (start.subarray(0, MAGIC[storage].length).equals(MAGIC[storage])) return storage
    }
    throw new BagError('BAG_FORMAT', `${path}: not a bag: expected a rosbag2 directory, an .mcap or a .db3 file, and it begins like none of them`)
  } finally {
    await handle.close()
  }
}

/** Files that were compressed as a whole, unpacked into a folder that goes with the bag. */
class Unpacked {
  #folder: string | undefined

  async add(file: string): Promise<string> {
    await loadZstd()
    this.#folder ??= await mkdtemp(join(tmpdir(), 'prehend-bag-'))
    const plain = join(this.#folder, basename(file).replace(/\.zstd$/, ''))
    let bytes
    try {
      bytes = decompressFrame(await readFile(file))
    } catch (error) {
      throw new BagError('BAG_COMPRESSION', `${file}: cannot be unpacked: ${messageOf(error)}; try: zstd -d`)
    }
    await writeFile(plain, bytes)
    return plain
  }

  async close(): Promise<void> {
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
    this.#folder = undefined
  }
}
