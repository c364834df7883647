import type { Align } from './align/align.js'
import type { Modality } from './modality.js'

/** What a robot file says of one stream. */
export interface Stream {
  readonly name: string
  /** Whole name. */
  readonly topic: string
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
  readonly modality: Modality
  readonly timeline: 'header' | 'receive'
  /** Estimates offset and drift of a source's clock by minimum delay and corrects its stamps. */
  readonly clock: 'ours' | 'estimate'
  /**
   * ns from the stream's first sample over which a constant is averaged and then subtracted; 0: none. Samples within it
   * are not used.
   */
  readonly tare: number
  /** For joint states and arrays: which values, in which order (`position.finger_joint`). Empty: all. */
  readonly select: readonly string[]
  /** Of depth images in whole units: m a unit. Undefined: 0.001. */
  readonly depthUnit?: number | undefined
  readonly align: Align
}

/** The part of a robot that the aligner goes by. */
export interface AlignerConfig {
  /** For messages. */
  readonly name: string
  readonly tick: { readonly from: string } | { readonly period: number }
  /** ns. How long a tick waits for its brackets, at most, after its own arrival. */
  readonly maxWait: number
  /** ns. A stream silent for longer is not waited for until it speaks again. */
  readonly maxSilence: number
  readonly streams: readonly Stream[]
}
