/** What the aligner emits for one tick. All stamps are whole nanoseconds since the run's epoch. */

import type { Modality } from './modality.js'

export { MODALITIES, type Modality } from './modality.js'
/** 1: every stream of the modality is present at the tick; 0: one is missing, or there is none. */
export type Mask = Record<Modality, 0 | 1>

/** Pixels without padding, row by row, origin top left. `channels` interleaved bytes per pixel, in the order r g b. */
export interface ImageValue {
  readonly kind: 'image'
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Uint8Array
}

/** Depth in whole millimetres, row by row; 0 is invalid. */
export interface DepthValue {
  readonly kind: 'depth'
  readonly width: number
  readonly height: number
  readonly data: Uint16Array
}

/**
 * The P values of a stream around a tick: for a wrench 6 (N, N·m). `mean` is f64[P] over the `count` samples of the mean
 * window. `pyramid` is f64[P * 4 * windows], row-major [value][4 * window + statistic]. The statistics are mean,
 * population standard deviation, largest absolute value, and least-squares slope per second.
 */
export interface WindowValue {
  readonly kind: 'window'
  readonly mean: Float64Array
  readonly count: number
  readonly pyramid: Float64Array
}

/** The last K events at or before the tick, the oldest first. `ageS` is tick minus stamp, in s. */
export interface EventsValue {
  readonly kind: 'events'
  readonly events: readonly {
    readonly text: string
    readonly stamp: number
    readonly ageS: number
    readonly confidence: number
  }[]
}

/** A vector at the tick: a pose (x, y, z in m, qx, qy, qz, qw), joint values, or an array. */
export interface VectorValue {
  readonly kind: 'vector'
  readonly data: Float64Array
}

/** The value of one stream at a tick. */
export type StreamValue = ImageValue | DepthValue | WindowValue | EventsValue | VectorValue

/**
 * How a stream's value was made. `held`: an earlier sample stands in for a later one that has not come. `age`: tick
 * minus the newest sample used (ns, at least 0). `gap`: ns between the two samples around the tick. `count`: number of
 * samples used.
 */
export interface Quality {
  readonly present: boolean
  readonly held: boolean
  readonly age: number
  readonly gap: number
  readonly count: number
}

/** What the streams of a robot say at one tick: all of them at a reference tick, some of them at a fast tick. */
export interface Observation {
  /** Counts from 0 since the aligner was made, in each sequence of ticks. A reset does not change it. */
  readonly index: number
  /** At a fast tick: number of observations at reference ticks that were emitted before. Undefined at a reference tick. */
  readonly after?: number
  /**
   * How often an episode has begun and time has jumped since the aligner was made. What a policy remembers of former
   * observations ends where this changes.
   */
  readonly episode: number
  /** The tick, ns. */
  readonly stamp: number
  /** The receive time (ns) at which the observation was complete, or at which its wait ended. */
  readonly emitted: number
  /** By stream name, in the order of the robot file. `undefined`: missing. */
  readonly values: ReadonlyMap<string, StreamValue | undefined>
  readonly quality: ReadonlyMap<string, Quality>
  /** A modality is 1 when it has streams and every one of them is present. */
  readonly mask: Mask
}
