import type { Bag } from '../../middleware/bag/bag.js'
import { CdrError } from '../../middleware/cdr/cdr-error.js'
import { decode } from '../../middleware/cdr/codecs.js'
import type { ActionChunkMessage } from '../../middleware/messages.js'

const TYPE = 'prehend_interfaces/msg/ActionChunk'

/**
 * Which features the chunks of a recording are from: by the stamp of a chunk, the stamp of the observation. Both in ns
 * since `epochSec`. Empty where no chunk on `topic` says it. Reads the whole recording once.
 */
export async function recordedFeatures(
  bag: Pick<Bag, 'topics' | 'batches'>,
  topic: string,
  epochSec: number,
): Promise<ReadonlyMap<number, number>> {
  const features = new Map<number, number>()
  if (!bag.topics.some(each => each.name === topic && each.type === TYPE)) return features
  for await (const batch of bag.batches())
    for (const message of batch) {
      if (message.topic !== topic || message.type !== TYPE) continue
      const { stamp, featureStamp } = chunkIn(message.data, epochSec) ?? {}
      if (stamp !== undefined && featureStamp !== undefined) features.set(stamp, featureStamp)
    }
  return features
}

/** Undefined: the bytes are no chunk. */
function chunkIn(data: Uint8Array, epochSec: number): ActionChunkMessage | undefined {
  try {
    return decode(TYPE, data, epochSec)
  } catch (error) {
    if (error instanceof CdrError) return undefined
    throw error
  }
}
