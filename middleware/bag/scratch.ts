import { mkdtemp, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BagError } from './bag-error.js'

const PREFIX = 'prehend-bag-'
const DAY_MS = 86_400_000

/**
 * A folder among the temporary ones for what cannot be read where it lies. Once its files are open they need no names,
 * so the folder goes at once and even a process that is killed leaves nothing; one that was killed while it copied
 * leaves a folder, which the next one removes after a day.
 */
export class Scratch {
  readonly path: string

  /** `why` names the bag's file and says why it is copied. Throws BagError BAG_SPACE where `bytes` would not fit. */
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

  /** Where a file that is open cannot be removed it stays until the next call. */
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
