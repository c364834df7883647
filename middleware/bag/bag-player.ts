import type { Bus, Publisher } from '../bus.js'
import { decode, isTypeName } from '../cdr/codecs.js'
import type { MessageTypes, TypeName } from '../messages.js'
import type { Bag, BagMessage } from './bag.js'
import { Pace } from './pace.js'

export interface PlayOptions {
  /** Times real time, or as fast as the machine can. */
  readonly rate: number | 'max'
  /** Called in receive order; what it returns is waited for. */
  readonly onMessage: (message: BagMessage) => void | Promise<void>
  readonly signal?: AbortSignal
}

/**
 * Plays a bag at its own pace or faster; what was logged decades from the rest, by a clock that was not set, is left
 * out. Resolves with the number of messages played, at the end, the damage or the abort.
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

/** Publishes a bag's messages of known types on a bus; those of other types are left out. */
export function publishOn(bus: Bus, epochSec: number): (message: BagMessage) => void {
  const publishers = new Map<string, Publisher<MessageTypes[TypeName]>>()
  return ({ topic, type, data }) => {
    if (!isTypeName(type)) return
    let publisher = publishers.get(topic)
    if (publisher === undefined) publishers.set(topic, (publisher = bus.advertise<TypeName>(topic, type)))
    publisher.publish(decode(type, data, epochSec))
  }
}
