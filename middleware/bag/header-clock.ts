import { headerTime } from '../cdr/header-stamp.js'
import type { Bag } from './bag.js'

/**
 * Number of messages whose stamps are compared with their receive times. The median decides, so one wrong stamp has no
 * effect.
 */
const COMPARED = 25
/** s that a stamp of the same clock may lie before its receive time, and after it. */
const SAME = { before: 10, after: 1 } as const

/**
 * The offset between the clock of a topic's header stamps and the clock of its receive times, in whole seconds: 0 when
 * both may be the same clock. A stamp can come from another clock, such as a simulator's, or that of a computer whose
 * time was never set. A stamp minus this offset lies one to two seconds before its receive time.
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
        // A message without a readable header is skipped.
      }
    }
    if (apart.length === COMPARED) break
  }
  if (apart.length === 0) return 0
  const median = apart.sort((a, b) => a - b)[apart.length >> 1]!
  return median >= -SAME.before && median <= SAME.after ? 0 : Math.ceil(median) + 1
}
