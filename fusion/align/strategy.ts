import type { Modality } from '../modality.js'
import type { Quality, StreamValue } from '../observation.js'
import type { VectorRing } from '../vector-ring.js'
import type { VoiceQueue } from '../voice-queue.js'
import type { Aligns, StrategyName } from './align.js'
import type { Option } from './option.js'
import type { Track } from './track.js'

/** What a stream gives to one observation. */
export interface Aligned {
  readonly value: StreamValue | undefined
  readonly quality: Quality
}

/**
 * How the samples of one stream become a value at a tick. A strategy reads the stream's buffer and never changes it;
 * ticks mostly ascend.
 */
export interface Strategy {
  /**
   * True when no sample still to come, in stamp order, could change the value at `tick`: the tick need not wait for
   * this stream.
   */
  brackets(tick: number): boolean
  value(tick: number): Aligned
  /** A sample was inserted before newer ones. */
  disturb(stamp: number): void
  /** The buffer was emptied. */
  clear(): void
  /** How often a running computation was begun anew because of samples out of order. */
  readonly rebuilds: number
}

/**
 * What strategies read. A stream of frames has a track, one of vectors a track and their ring, one of events a queue.
 */
export interface Buffers {
  readonly track: Track
  readonly ring: VectorRing
  readonly queue: VoiceQueue
}

/**
 * All that others need to know of a strategy: the robot file's schema, defaults and canonical text, what `prehend
 * check` says of a stream, what the aligner keeps for it, the table in docs/reference/robot-file.md. Adding a strategy
 * is one file with such a declaration and one line in `registry.ts`. All times in ns.
 */
export interface StrategyDeclaration<S extends StrategyName = StrategyName, B extends keyof Buffers = keyof Buffers> {
  /** The word for it in a robot file. */
  readonly name: S
  /** The streams that it is for. */
  readonly modalities: readonly Modality[]
  /** What it reads. */
  readonly reads: B
  /** Some ticks wait for samples that come after them. */
  readonly waits: boolean
  readonly options: { readonly [K in keyof Aligns[S]]-?: Option<Aligns[S][K]> }
  /** Two cells of the table of strategies: how it is written, and what it means. */
  readonly documentation: { readonly written: string; readonly meaning: string }
  /** In a few words, what a stream's value at the tick is. */
  describe(options: Aligns[S]): string
  /** How far before a tick lie the samples that it may need. */
  reach(options: Aligns[S]): number
  /** The longest step between two samples that it can use. Left out: any step will do. */
  longestStep?(options: Aligns[S]): number
  /** The longest hole between two samples that its values bridge. Left out: the longest step. */
  longestGap?(options: Aligns[S]): number
  /** Of a queue: how many of the last events it needs. Left out: 1. */
  events?(options: Aligns[S]): number
  make(buffer: Buffers[B], options: Aligns[S]): Strategy
}

export const MISSING: Aligned = { value: undefined, quality: { present: false, held: false, age: 0, gap: 0, count: 0 } }

/** `newest`: stamp of the newest sample that was used. */
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
