import type { BagMessage } from './bag-message.js'
import { BagDamage } from './bag-error.js'

/** Messages in receive order: a chunk, or a whole database. */
export interface Source {
  /** The earliest receive time that a message of it may have, ns since the bag's epoch. */
  readonly start: number
  /** Approximate bytes of memory while the source is open. */
  readonly size: number
  batches(): AsyncIterator<BagMessage[], undefined>
  /** Starts to read, so that `batches()` need not wait. */
  prefetch?(): void
}

/** Bytes that all open sources may take together. Each source counts as `LEAST` at the least. */
const MOST_OPEN = 256 << 20
/** Bytes of open sources up to which the next source is read ahead. */
const MOST_AHEAD = 64 << 20
const LEAST = 1 << 16

const sizeOf = ({ size }: Source): number => Math.max(size, LEAST)

interface Active {
  readonly order: number
  readonly size: number
  readonly iterator: AsyncIterator<BagMessage[], undefined>
  batch: BagMessage[]
  at: number
}

/**
 * Merges the messages of all sources (given in file order) in receive order; messages of the same time in file order. A
 * source is opened when the merge reaches its start, so memory holds the sources that overlap there and the next one.
 * Throws BagDamage when too many overlap.
 */
export async function* merge(files: readonly Source[]): AsyncGenerator<BagMessage[], undefined> {
  const sources = files
    .map((source, order) => ({ source, order }))
    .sort((a, b) => (a.source.start < b.source.start ? -1 : a.source.start > b.source.start ? 1 : a.order - b.order))
  /** A binary min-heap by receive time. */
  const active: Active[] = []
  let opened = 0
  let open = 0
  for (;;) {
    while (opened < sources.length && (active.length === 0 || sources[opened]!.source.start <= head(active[0]!))) {
      const { source, order } = sources[opened++]!
      open += sizeOf(source)
      if (open > MOST_OPEN && active.length > 0)
        throw new BagDamage(
          `${active.length + 1} of its chunks overlap in time, too many to hold in memory; mend it with: mcap sort`,
        )
      const next = sources.at(opened)?.source
      if (next && open + sizeOf(next) <= MOST_AHEAD) next.prefetch?.()
      const entry: Active = { order, size: sizeOf(source), iterator: source.batches(), batch: [], at: 0 }
      if (await refill(entry)) rise(active, active.push(entry) - 1)
      else open -= entry.size
    }
    if (active.length === 0) return
    const current = active[0]!
    const end = runEnd(active, sources.at(opened)?.source.start)
    yield current.at === 0 && end === current.batch.length ? current.batch : current.batch.slice(current.at, end)
    current.at = end
    if (end === current.batch.length && !(await refill(current))) {
      open -= current.size
      const last = active.pop()
      if (last && last !== current) active[0] = last
    }
    sink(active)
  }
}

const head = (entry: Active): number => entry.batch[entry.at]!.receive
const isBefore = (a: Active, b: Active): boolean => head(a) < head(b) || (head(a) === head(b) && a.order < b.order)

function swap(heap: Active[], a: number, b: number): void {
  const entry = heap[a]!
  heap[a] = heap[b]!
  heap[b] = entry
}

function rise(heap: Active[], index: number): void {
  for (let child = index; child > 0; ) {
    const parent = (child - 1) >> 1
    if (!isBefore(heap[child]!, heap[parent]!)) return
    swap(heap, child, parent)
    child = parent
  }
}

/** Moves the first entry down to its place, after its receive time has changed. */
function sink(heap: Active[]): void {
  for (let parent = 0; ; ) {
    let least = parent
    for (const child of [2 * parent + 1, 2 * parent + 2])
      if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child
    if (least === parent) return
    swap(heap, parent, least)
    parent = least
  }
}

/**
 * Index behind the last message of the first source that comes before the next message of every other source and before
 * `unopened`, the start of the next source.
 */
function runEnd(heap: readonly Active[], unopened: number | undefined): number {
  const { batch, at, order } = heap[0]!
  const others = heap.slice(1, 3)
  const isPast = (receive: number): boolean =>
    (unopened !== undefined && receive >= unopened) ||
    others.some(other => receive > head(other) || (receive === head(other) && order > other.order))
  let end = batch.length
  if (!isPast(batch[end - 1]!.receive)) return end
  end = at + 1
  while (!isPast(batch[end]!.receive)) end++
  return end
}

/** Reads the next batch that is not empty; false at the end. */
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
