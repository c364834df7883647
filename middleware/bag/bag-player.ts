import type { Bus, Publisher } from '../bus.js'
import { decode, isTypeName } from '../cdr/codecs.js'
import type { MessageTypes, TypeName } from '../messages.js'
import type { Bag, BagMessage } from './bag.js'
import { Pace } from './pace.js'

export interface PlayOptions {
  /** A factor on real time, or `max`: as fast as the machine can. */
  readonly rate: number | 'max'
  /** Called in receive order. A promise that it returns is awaited before the next message. */
  readonly onMessage: (message: BagMessage) => void | Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Plays a bag in real time, or faster or slower. Messages whose log time is decades from the others (the recorder's
 * clock was not set) are skipped. Resolves with the number of messages played, at the end of the bag, at its damage or
 * at the abort. Throws a RangeError for a bad rate.
 */
export async function playBag(bag: Bag, { rate, onMessage, signal }: PlayOptions): Promise<number> {
  if (rate !== 'max' && !(rate > 0)) throw new RangeError(`rate: expected a number above 0 or "max", got ${rate}`)
  const pace = rate === 'max' ? undefined : new Pace({ rate, start: bag.start })
  let played = 0
  for await (const batch of bag.batches()) {
    for (const message of batch) {
      if (!Number.isFinite(message.receive)) continue
      if (pace) await pace.reach(message.receive, signal)
      if (signal?.aborted) return played
      const answer = onMessage(message)
      if (answer) await answer
      played++
    }
  }
  return played
}

/** A function that publishes bag messages on a bus. Messages of unknown types are skipped. */
export function publishOn(bus: Bus, epochSec: number): (message: BagMessage) => void {
  const publishers = new Map<string, Publisher<MessageTypes[TypeName]>>()
  return ({ topic, type, data }) => {
    if (!isTypeName(type)) return
    let publisher = publishers.get(topic)
    if (publisher === undefined) publishers.set(topic, (publisher = bus.advertise<TypeName>(topic, type)))
    publisher.publish(decode(type, data, epochSec))
  }
}
