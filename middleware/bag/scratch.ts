import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BagError } from './bag-error.js'

const PREFIX = 'prehend-bag-'
const DAY_MS = 86_400_000

/**
 * A temporary folder for a copy of a bag that cannot be read in its place. Open files need no names, so the folder is
 * removed as soon as its files are open, and a killed process leaves nothing behind. A process that is killed while it
 * copies does leave the folder; a later call removes it after a day.
 */
export class Scratch {
  readonly path: string

  /** `why` names the bag's file and says why it is copied. Throws BagError BAG_SPACE when `bytes` do not fit. */
  static async make(bytes: number, why: string): Promise<Scratch> {
    const parent = tmpdir()
    await removeOld(parent)
    const { bavail, bsize } = await statfs(parent)
    if (bytes > bavail * bsize) {
      throw new BagError(
        'BAG_SPACE',
        `${why} of ${megabytes(bytes)}, and ${parent} has ${megabytes(bavail * bsize)} free: set TMPDIR ` +
          'to a folder with more',
      )
    }
    return new Scratch(await mkdtemp(join(parent, PREFIX)))
  }

  private constructor(path: string) {
    this.path = path
  }

  /** Removes the folder. On a system that cannot remove open files it stays for a later call. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true }).catch(() => undefined)
  }
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`

async function removeOld(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => [])
  for (const name of names.filter(other => other.startsWith(PREFIX))) {
    const folder = join(parent, name)
    const info = await stat(folder).catch(() => undefined)
    if (info && Date.now() - info.mtimeMs > DAY_MS)
      await rm(folder, { recursive: true, force: true }).catch(() => undefined)
  }
}
