import { MOST_BYTES } from '../contract/input-spec.js'
import { historyLength, historyStep, MOST_TICKS, type HistorySpec } from '../contract/history.js'
import type { TensorData } from './tensors.js'

interface Entry {
  readonly stamp: number
  readonly data: TensorData
}

/** The former values of an input do not fit into what is kept. */
export class HistoryFullError extends Error {}

/**
 * The values of an input at the last ticks of an episode, and from them its history, the oldest first. Without a rate
 * these are the last ticks. At a rate, each value is that of the tick that is nearest to its time, the earlier one of
 * two. A value from before the first tick of the episode is that of the first tick.
 */
export class History {
  readonly #count: number
  readonly #step: number | undefined
  readonly #make: () => TensorData
  readonly #entries: Entry[] = []
  readonly #spare: TensorData[] = []
  /** Indices of the entries of the present history. */
  readonly #chosen: Int32Array
  /** For each value of the present history whether it stands for a time before the episode. */
  readonly padding: Uint8Array

  /** @param make an array for one value. */
  constructor(spec: HistorySpec, make: () => TensorData) {
    this.#count = historyLength(spec)
    this.#step = historyStep(spec)
    this.#make = make
    this.#chosen = new Int32Array(this.#count)
    this.padding = new Uint8Array(this.#count)
  }

  /** An episode begins. */
  clear(): void {
    for (const { data } of this.#entries) this.#spare.push(data)
    this.#entries.length = 0
  }

  /**
   * Throws HistoryFullError where more than 4096 ticks or 512 MiB would have to be kept with a tick at this stamp (ns).
   * Changes nothing.
   */
  requireRoom(stamp: number): void {
    const ticks = this.#entries.length - this.#unused(stamp) + 1
    const { byteLength } = this.#entries[0]?.data ?? this.#spare[0] ?? this.#newSpare()
    if (ticks <= MOST_TICKS && ticks * byteLength <= MOST_BYTES) return
    throw new HistoryFullError(
      `its history needs ${ticks} ticks of ${byteLength} bytes; at most ${MOST_TICKS} ticks and ` +
        `${MOST_BYTES / 2 ** 20} MiB are kept: shorten it`,
    )
  }

  /**
   * The array for the value at a tick with this stamp (ns), which is later than those before. Throws as `requireRoom`,
   * and then the history is as it was.
   */
  push(stamp: number): TensorData {
    this.requireRoom(stamp)
    for (const { data } of this.#entries.splice(0, this.#unused(stamp))) this.#spare.push(data)
    const data = this.#spare.pop() ?? this.#make()
    this.#entries.push({ stamp, data })
    this.#choose(stamp)
    return data
  }

  /** The values of the present history, the oldest first. */
  *values(): Generator<TensorData> {
    for (const index of this.#chosen) yield this.#entries[index]!.data
  }

  #newSpare(): TensorData {
    const data = this.#make()
    this.#spare.push(data)
    return data
  }

  /** Number of the oldest ticks that no history at `stamp` or later uses. */
  #unused(stamp: number): number {
    const entries = this.#entries
    if (this.#step === undefined) return Math.max(0, entries.length - this.#count + 1)
    const first = stamp - (this.#count - 1) * this.#step
    let unused = 0
    while ((entries[unused + 1]?.stamp ?? Infinity) <= first) unused++
    return unused
  }

  #choose(stamp: number): void {
    const entries = this.#entries
    const first = entries[0]!.stamp
    for (let k = 0, at = 0; k < this.#count; k++) {
      if (this.#step === undefined) {
        const index = entries.length - this.#count + k
        this.#chosen[k] = Math.max(0, index)
        this.padding[k] = index < 0 ? 1 : 0
        continue
      }
      const time = stamp - (this.#count - 1 - k) * this.#step
      while (at + 1 < entries.length && entries[at + 1]!.stamp - time < Math.abs(time - entries[at]!.stamp)) at++
      this.#chosen[k] = at
      this.padding[k] = time < first - this.#step / 2 ? 1 : 0
    }
  }
}
