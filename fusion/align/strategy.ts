import type { Modality } from '../modality.js'
import type { Quality, StreamValue } from '../observation.js'
import type { VectorRing } from '../vector-ring.js'
import type { VoiceQueue } from '../voice-queue.js'
import type { Aligns, StrategyName } from './align.js'
import type { Option } from './option.js'
import type { Track } from './track.js'

/** The part of one stream in one observation. */
export interface Aligned {
  readonly value: StreamValue | undefined
  readonly quality: Quality
}

/**
 * Makes the value of one stream at a tick from its samples. A strategy reads the buffer of the stream and never changes
 * it. Ticks mostly ascend.
 */
export interface Strategy {
  /**
   * True when no sample that comes later, in the order of stamps, could change the value at `tick`. The tick then need
   * not wait for this stream.
   */
  brackets(tick: number): boolean
  value(tick: number): Aligned
  /** A sample with this stamp was inserted before newer ones. */
  disturb(stamp: number): void
  /** The buffer was emptied. */
  clear(): void
  /** How often a running computation began anew because a sample came out of order. */
  readonly rebuilds: number
}

/**
 * What strategies read. A stream of frames has a track, a stream of vectors a track and a ring, a stream of events a
 * queue.
 */
export interface Buffers {
  readonly track: Track
  readonly ring: VectorRing
  readonly queue: VoiceQueue
}

/**
 * All that the rest of the program needs to know of a strategy: for the robot file its schema, defaults and canonical
 * text; for `prehend check` a description; for the aligner what to keep; for docs/reference/robot-file.md a row of the
 * table. A new strategy is one file with such a declaration and one line in `strategies.ts`. All times in ns.
 */
export interface StrategyDeclaration<S extends StrategyName = StrategyName, B extends keyof Buffers = keyof Buffers> {
  /** The name in a robot file. */
  readonly name: S
  /** The modalities whose streams may use it. */
  readonly modalities: readonly Modality[]
  /** The buffer that it reads. */
  readonly reads: B
  /** Whether some ticks wait for samples that come after them. */
  readonly waits: boolean
  readonly options: { readonly [K in keyof Aligns[S]]-?: Option<Aligns[S][K]> }
  /** Two cells of the table of strategies: how it is written and what it means. */
  readonly documentation: { readonly written: string; readonly meaning: string }
  /** In a few words: what the value of a stream at the tick is. */
  describe(options: Aligns[S]): string
  /** How far before a tick (ns) the samples lie that it may need. */
  reach(options: Aligns[S]): number
  /** The period (ns) that the stream must keep: `check` reports a slower one. Left out: any period. */
  longestStep?(options: Aligns[S]): number
  /** A pause (ns) longer than this leaves values missing: `check` lists such pauses. Left out: `longestStep`. */
  longestGap?(options: Aligns[S]): number
  /** What its values are, where they are not of the kind of the samples. */
  readonly gives?: 'window' | 'events'
  /** For windows: how many windows the pyramid has. */
  windows?(options: Aligns[S]): number
  /** How many vectors of the stream one value has, one after another. Left out: one. */
  rows?(options: Aligns[S]): number
  /** For a queue: how many of the last events it needs. Left out: 1. */
  events?(options: Aligns[S]): number
  make(buffer: Buffers[B], options: Aligns[S]): Strategy
}

export const MISSING: Aligned = { value: undefined, quality: { present: false, held: false, age: 0, gap: 0, count: 0 } }

/** A value that is present. `newest`: stamp of the newest sample that was used; `gap`: see `Quality`. Times in ns. */
export function present(
  value: StreamValue,
  tick: number,
  newest: number,
  gap: number,
  count: number,
  held = false,
): Aligned {
  return { value, quality: { present: true, held, age: Math.max(0, tick - newest), gap, count } }
}
