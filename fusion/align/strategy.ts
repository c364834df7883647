import type { Quality, StreamValue } from '../observation.js'

/** What a stream gives to one observation. */
export interface Aligned {
  readonly value: StreamValue | undefined
  readonly quality: Quality
}

/**
 * How the samples of one stream become a value at a tick. A strategy reads the stream's buffer and never changes it;
 * ticks mostly ascend.
 * Adding one is one file with a class and one line in `registry.ts`.
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
