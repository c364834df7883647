import { Epoch } from '../../fusion/stamp.js'
import { openBag, type Bag } from '../../middleware/bag/bag.js'
import { BagSpacing } from './topic-spacing.js'

export interface TopicContents {
  readonly type: string
  readonly count: number
  readonly rateHz: number
  /** null: unknown. */
  readonly largestGapMs: number | null
  /** Of a topic whose messages are not CDR, and are not read. */
  readonly encoding?: string
}

export type BagContents = Awaited<ReturnType<typeof contentsOf>>

/** Reads the whole recording at `path` once. Throws, in one line, where it cannot be read. */
export async function bagContents(path: string): Promise<BagContents> {
  const bag = await openBag(path)
  try {
    return await contentsOf(bag)
  } finally {
    await bag.close()
  }
}

async function contentsOf(bag: Bag) {
  const spacing = new BagSpacing(bag)
  for await (const batch of bag.batches()) for (const message of batch) spacing.add(message)
  const topics = spacing.topics()
  const foreign = bag.foreign.map(
    ({ name, type, count, encoding }) => [name, { type, count, rateHz: 0, largestGapMs: null, encoding }] as const,
  )
  return {
    path: bag.path,
    storage: bag.storage,
    files: bag.files,
    sizeBytes: bag.size,
    start: new Epoch(bag.epochSec).format(bag.start),
    durationS: bag.durationNs / 1e9,
    messages: topics.reduce((sum, [, { count }]) => sum + count, 0),
    topics: Object.fromEntries<TopicContents>([...foreign, ...topics]),
    metadata: bag.metadata,
    records: Object.keys(bag.records),
    damage: bag.damage ?? null,
  }
}
