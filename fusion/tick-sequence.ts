import type { ObservationCounters } from './counters.js'
import { MODALITIES, type Mask, type Observation, type Quality, type StreamValue } from './observation.js'
import { TickQueue } from './reference-ticks.js'
import type { StreamBuffer } from './stream-buffer.js'
import type { AlignerConfig } from './stream.js'

export interface TickSequenceOptions {
  /** The streams that are observed, in the order of the robot file. */
  readonly buffers: readonly StreamBuffer[]
  /** The reader of those buffers that this sequence is; see `StreamBuffer`. */
  readonly reader: number
  readonly config: Pick<AlignerConfig, 'maxWait' | 'maxSilence'>
}

/** A tick of a sequence with what its streams say there. */
export type Observed = Omit<Observation, 'episode' | 'emitted'>

/**
 * A sequence of reference ticks and the streams that are observed at them. A tick waits in it until each awaited stream
 * has a sample at or after it, at most `maxWait` after its arrival. Times in ns.
 */
export class TickSequence {
  readonly #buffers: readonly StreamBuffer[]
  readonly #reader: number
  readonly #config: TickSequenceOptions['config']
  readonly #modalities: readonly { readonly modality: keyof Mask; readonly names: readonly string[] }[]
  readonly #ticks = new TickQueue()
  readonly #counters = { observations: 0, incomplete: 0, held: 0 }
  #last = -Infinity

  constructor({ buffers, reader, config }: TickSequenceOptions) {
    this.#buffers = buffers
    this.#reader = reader
    this.#config = config
    this.#modalities = MODALITIES.map(modality => ({
      modality,
      names: buffers.filter(({ stream }) => stream.modality === modality).map(({ stream }) => stream.name),
    }))
  }

  /** Of the ticks that were taken. */
  get counters(): ObservationCounters {
    return this.#counters
  }

  /** Whether a tick waits. */
  get waits(): boolean {
    return this.#ticks.size > 0
  }

  /** When the first wait ends. Infinity where no tick waits. */
  get deadline(): number {
    return this.#ticks.size === 0 ? Infinity : this.#ticks.firstArrival + this.#config.maxWait
  }

  /** Adds a tick. False, without effect, at or before a tick that was taken, and where it waits already. */
  add(stamp: number, arrival: number): boolean {
    return stamp > this.#last && this.#ticks.insert(stamp, arrival)
  }

  /** Drops the ticks that wait. Returns their number. */
  clear(): number {
    return this.#ticks.clear()
  }

  /** Time has jumped: ticks may begin again at any stamp. */
  restart(): void {
    this.#last = -Infinity
  }

  /** Whether the first tick that waits need not wait any more. `began`: see `StreamBuffer.awaited`. */
  isComplete(began: number): boolean {
    const { stamp, arrival } = this.#ticks
    const { maxSilence } = this.#config
    for (let i = 0; i < this.#buffers.length; i++) {
      const buffer = this.#buffers[i] as StreamBuffer
      if (buffer.awaited(arrival, maxSilence, began) && !buffer.brackets(stamp, this.#reader)) return false
    }
    return true
  }

  /** Takes the first tick that waits out of the sequence. Returns its stamp. */
  take(): number {
    const { stamp } = this.#ticks
    this.#ticks.shift()
    this.#last = stamp
    return stamp
  }

  /** What the streams say at a tick that was taken. */
  observe(stamp: number): Observed {
    const values = new Map<string, StreamValue | undefined>()
    const quality = new Map<string, Quality>()
    let held = false
    let incomplete = false
    for (const buffer of this.#buffers) {
      const aligned = buffer.value(stamp, this.#reader)
      values.set(buffer.stream.name, aligned.value)
      quality.set(buffer.stream.name, aligned.quality)
      held ||= aligned.quality.held
      incomplete ||= buffer.kind !== 'event' && !aligned.quality.present
    }
    const mask = {} as Mask
    for (const { modality, names } of this.#modalities) {
      mask[modality] = names.length > 0 && names.every(name => quality.get(name)?.present) ? 1 : 0
    }
    const counters = this.#counters
    if (held) counters.held++
    if (incomplete) counters.incomplete++
    return { index: counters.observations++, stamp, values, quality, mask }
  }
}
