import { setImmediate } from 'node:timers/promises'

/** Works on `count` items slice by slice. Between two slices the event loop of this thread runs. */
export async function inSlices(count: number, slice: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < count; from += slice) {
    if (from > 0) await setImmediate()
    work(from, Math.min(count, from + slice))
  }
}
