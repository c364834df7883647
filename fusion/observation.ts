/**
 * What the aligner emits for one reference tick, and the values in it. All stamps are whole nanoseconds since the run's
 * epoch.
 */

import type { Modality } from './modality.js'

export { MODALITIES, type Modality } from './modality.js'
export type Mask = Record<Modality, 0 | 1>

/** Tightly packed pixels, row-major, origin top left. `channels` interleaved bytes a pixel, rgb order. */
export interface ImageValue {
  readonly kind: 'image'
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  readonly data: Uint8Array
}

/** Depth in millimetres, row-major; 0 is invalid. */
export interface DepthValue {
  readonly kind: 'depth'
  readonly width: number
  readonly height: number
  readonly data: Uint16Array
}

/**
 * The wrench around a tick. `mean` f64[6] over the mean window with `count` samples in it; `pyramid` f64[6 * 24],
 * row-major [axis][4 * window + statistic], statistics: mean, population standard deviation, largest absolute value,
 * least-squares slope per second.
 */
export interface WindowValue {
  readonly kind: 'window'
  readonly mean: Float64Array
  readonly count: number
  readonly pyramid: Float64Array
}

/** The last K events at or before the tick, oldest first. */
export interface EventsValue {
  readonly kind: 'events'
  readonly events: readonly {
    readonly text: string
    readonly stamp: number
    readonly ageS: number
    readonly confidence: number
  }[]
}

/** A vector at the tick: a pose (x, y, z, qx, qy, qz, qw), joint values, an array. */
export interface VectorValue {
  readonly kind: 'vector'
  readonly data: Float64Array
}

export type StreamValue = ImageValue | DepthValue | WindowValue | EventsValue | VectorValue

/**
 * How good a stream's value is. `age`: tick minus the newest sample used (ns, >= 0); `gap`: width of the bracket (ns);
 * `count`: samples used.
 */
export interface Quality {
  readonly present: boolean
  readonly held: boolean
  readonly age: number
  readonly gap: number
  readonly count: number
}

export interface Observation {
  /** 0, 1, 2 … since the aligner was made; not reset by flushes. */
  readonly index: number
  /** The reference tick. */
  readonly stamp: number
  /** The logical time (receive time line) at which the observation was complete or given up waiting for. */
  readonly emitted: number
  /** By the robot file's stream name, in its order. `undefined`: missing. */
  readonly values: ReadonlyMap<string, StreamValue | undefined>
  readonly quality: ReadonlyMap<string, Quality>
  /** A modality is present when every one of its streams is. */
  readonly mask: Mask
}
