import type { Robot } from '../../robots/robot.js'
import { SECOND } from '../../fusion/stamp.js'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { headerTime } from '../../middleware/cdr/header-stamp.js'
import { stampOf } from '../../middleware/cdr/ros-time.js'

/** Number of ticks that are read: a minute or more of any camera. */
const ENOUGH = 2000

/**
 * Reference ticks a second, a whole number. Where the robot file gives no rate, it comes from the median step between
 * the stamps of the reference stream, so that a late start, a pause or a lost picture does not change it.
 */
export async function tickRate(bag: Bag, { tick, streams }: Robot): Promise<number> {
  if ('period' in tick) return atLeastOne(tick.period)
  const stream = streams.find(({ name }) => name === tick.from)
  const timeOf = stream && stream.timeline === 'header' ? headerTime(stream.type) : undefined
  let epochSec: number | undefined
  /** NaN: no stamp was written, or none can be read. */
  const stampIn = ({ receive, data }: BagMessage): number => {
    if (!timeOf) return receive
    try {
      const { sec, nanosec } = timeOf(data)
      return sec === 0 && nanosec === 0 ? NaN : stampOf(sec, nanosec, (epochSec ??= sec - 1))
    } catch {
      return NaN
    }
  }
  const times: number[] = []
  for await (const batch of bag.batches()) {
    for (const message of batch) if (message.topic === stream?.topic) times.push(stampIn(message))
    if (times.length >= ENOUGH) break
  }
  const stamps = times.filter(Number.isFinite).sort((a, b) => a - b)
  const steps = stamps
    .slice(1)
    .map((stamp, i) => stamp - stamps[i]!)
    .filter(step => step > 0)
    .sort((a, b) => a - b)
  return atLeastOne(steps.length > 0 ? steps[steps.length >> 1]! : SECOND)
}

function atLeastOne(period: number): number {
  return Math.max(1, Math.round(SECOND / period))
}
