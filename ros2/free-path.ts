import { lstatSync } from 'node:fs'
import { partOf } from '../middleware/output-path.js'

/**
 * A path for a recording that is not in use: `path` itself (`run.mcap`), else the first free one of `run_1.mcap`,
 * `run_2.mcap` … A folder `run` gives `run_1` … An unfinished recording (see `partOf`) counts as in use.
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
    // The parent is no folder, or it may not be read. The writer says so.
    return false
  }
}
