import { statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** A recording ends whole where less than this is left on its disk, bytes. */
export const LEAST_ROOM = 200e6

/** Bytes that are free on the disk of a path whose folder exists. Infinity: the system does not say. */
export function diskRoom(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(resolve(path)))
    return bavail * bsize
  } catch {
    return Infinity
  }
}
