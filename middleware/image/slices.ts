import { setImmediate } from 'node:timers/promises'

/** Does work on `count` things slice by slice, and lets everything else of this thread have its turn in between. */
export async function inSlices(count: number, slice: number, work: (from: number, to: number) => void): Promise<void> {
  for (let from = 0; from < count; from += slice) {
    if (from > 0) await setImmediate()
    work(from, Math.min(count, from + slice))
  }
}
