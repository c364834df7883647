import { headerTime } from '../cdr/header-stamp.js'
import type { Bag } from './bag.js'

/**
 * Messages whose stamps are compared with their receive times; the median of them, so that an odd first one decides
 * nothing.
 */
const COMPARED = 25
/** s by which stamps may lie before their arrival, and behind it, and be of the same clock. */
const SAME = { before: 10, after: 1 } as const

/**
 * By how many whole seconds the header stamps of a topic lie from its receive times; 0 where they may be of one clock.
 * Stamps may be of any clock: a simulator's, recorded by the wall clock, or that of a computer that was never told the
 * time. A stamp less these seconds lies one to two seconds before its arrival.
 */
export async function headerClock(
  bag: Pick<Bag, 'epochSec' | 'batches'>,
  topic: string,
  type: string,
): Promise<number> {
  const timeOf = headerTime(type)
  if (!timeOf) return 0
  const apart: number[] = []
  for await (const batch of bag.batches()) {
    for (const message of batch) {
      if (
        apart.length === COMPARED ||
        message.topic !== topic ||
        message.type !== type ||
        !Number.isFinite(message.receive)
      )
        continue
      try {
        const { sec, nanosec } = timeOf(message.data)
        if (sec !== 0 || nanosec !== 0) apart.push(sec - bag.epochSec + (nanosec - message.receive) / 1e9)
      } catch {
        // Bytes that are no header say nothing.
      }
    }
    if (apart.length === COMPARED) break
  }
  if (apart.length === 0) return 0
  const median = apart.sort((a, b) => a - b)[apart.length >> 1]!
  return median >= -SAME.before && median <= SAME.after ? 0 : Math.ceil(median) + 1
}
