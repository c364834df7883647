import type { Align } from './align/align.js'
import type { Compensation } from './compensation/compensation.js'
import type { Modality } from './modality.js'

/** A stream as the robot file describes it. */
export interface Stream {
  readonly name: string
  /** The absolute topic name. */
  readonly topic: string
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
  readonly modality: Modality
  readonly timeline: 'header' | 'receive'
  /**
   * `estimate`: offset and drift of the source's clock are estimated by the minimum delay, and its stamps are
   * corrected.
   */
  readonly clock: 'ours' | 'estimate'
  /**
   * ns from the stream's first sample on over which a constant is averaged, which is then subtracted. The samples
   * within it are not used. 0: no tare.
   */
  readonly tare: number
  /** For a wrench: bias and weight are taken out before the tare, and the wrench is moved to the tool's frame. */
  readonly compensate?: Compensation | undefined
  /** For joint states and arrays: the values to use, in order (`position.finger_joint`). Empty: all. */
  readonly select: readonly string[]
  /** For depth images in whole units: metres per unit. Undefined: 0.001. */
  readonly depthUnit?: number | undefined
  readonly align: Align
}

/** The part of a robot that the aligner needs. */
export interface AlignerConfig {
  /** The name of the robot, for messages. */
  readonly name: string
  readonly tick: { readonly from: string } | { readonly period: number }
  /** ns that a tick waits for samples after its own arrival, at most. */
  readonly maxWait: number
  /** ns. A stream that is silent for longer is not waited for until it sends again. */
  readonly maxSilence: number
  readonly streams: readonly Stream[]
}
