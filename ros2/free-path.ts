import { lstatSync } from 'node:fs'
import { partOf } from '../middleware/output-path.js'

/**
 * `run.mcap`, or the next of run_1.mcap, run_2.mcap, … (of a folder `run`: run_1, …) of which nothing is there,
 * finished or left unfinished (see `partOf`).
 */
export function freePath(path: string): string {
  const whole = path.length > 1 ? path.replace(/\/+$/, '') : path
  const end = whole.endsWith('.mcap') ? '.mcap' : ''
  const stem = whole.slice(0, whole.length - end.length)
  for (let n = 0; ; n++) {
    const name = n === 0 ? whole : `${stem}_${n}${end}`
    if (!isThere(name) && !isThere(partOf(name))) return name
  }
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    // Below what is no folder, or in one that is closed to us: the writer says so.
    return false
  }
}
