import type { BagMessage } from './bag.js'

/** A stretch of messages in receive order: a chunk, or a whole database. */
export interface Source {
  /** No message of it was received earlier, ns since the bag's epoch. */
  readonly start: number
  batches(): AsyncIterator<BagMessage[], undefined>
  /** Begins to read, so that `batches()` need not wait. */
  prefetch?(): void
}

interface Active {
  readonly order: number
  readonly iterator: AsyncIterator<BagMessage[], undefined>
  batch: BagMessage[]
  at: number
}

/**
 * Messages of all sources (given in file order) in receive order, ties in file order. A source is opened when its start is reached, so
 * memory holds the sources that overlap there and the next one.
 */
export async function* merge(files: readonly Source[]): AsyncGenerator<BagMessage[], undefined> {
  const sources = files.map((source, order) => ({ source, order })).sort((a, b) => a.source.start - b.source.start || a.order - b.order)
  const active: Active[] = []
  let opened = 0
  for (;;) {
    while (opened < sources.length && (active.length === 0 || sources[opened].source.start <= head(first(active)))) {
      const { source, order } = sources[opened++]
      sources.at(opened)?.source.prefetch?.()
      const entry: Active = { order, iterator: source.batches(), batch: [], at: 0 }
      if (await refill(entry)) active.push(entry)
    }
    if (active.length === 0) return
    const current = first(active)
    const end = runEnd(current, active, opened < sources.length ? sources[opened].source.start : Infinity)
    yield current.at === 0 && end === current.batch.length ? current.batch : current.batch.slice(current.at, end)
    current.at = end
    if (end === current.batch.length && !await refill(current)) active.splice(active.indexOf(current), 1)
  }
}

const head = (entry: Active): number => entry.batch[entry.at].receive

function first(active: readonly Active[]): Active {
  return active.reduce((best, entry) => {
    const apart = head(entry) - head(best)
    return apart < 0 || (apart === 0 && entry.order < best.order) ? entry : best
  })
}

/** Index after the last message of `current` that goes before every other source's next one and before `unopened`. */
function runEnd(current: Active, active: readonly Active[], unopened: number): number {
  let end = current.batch.length
  const { batch, at } = current
  const isPast = (receive: number): boolean => receive >= unopened || active.some(other => other !== current
    && (receive > head(other) || (receive === head(other) && current.order > other.order)))
  if (!isPast(batch[end - 1].receive)) return end
  end = at + 1
  while (!isPast(batch[end].receive)) end++
  return end
}

/** The next batch that has something in it; false when there is none. */
async function refill(entry: Active): Promise<boolean> {
  for (;;) {
    const { done, value } = await entry.iterator.next()
    if (done === true) return false
    if (value.length === 0) continue
    entry.batch = value
    entry.at = 0
    return true
  }
}
