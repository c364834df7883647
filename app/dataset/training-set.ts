import type { Samples } from '../../fusion/lane.js'
import type { Observation } from '../../fusion/observation.js'
import type { Executable } from '../../control/chunk/set-point.js'
import type { Robot } from '../../robots/robot.js'
import type { Epoch } from '../../fusion/stamp.js'

/** The recording that observations come from. */
export interface Recording {
  readonly path: string
  readonly robot: Robot
  /** The zero of its stamps. */
  readonly epoch: Epoch
  /** Reference ticks a second, a whole number. */
  readonly rate: number
}

export interface InsteadAnswer {
  readonly command: string
  readonly chunk: Executable
  readonly aux: Float64Array
}

/** An observation and what belongs to its stamp. */
export interface AnsweredObservation {
  readonly observation: Observation
  /**
   * The expert's chunk or, in a recording without an expert, the policy's. It may have more rows than anybody asks for.
   */
  readonly chunk: Executable
  /** What training may know of the scene, see `AUX`; undefined where the recording does not say. */
  readonly aux: Float64Array | undefined
  /** A command that was not given, and the expert's answer to it; undefined where the recording has none. */
  readonly instead: InsteadAnswer | undefined
  /**
   * By the name of each stream aligned by window: every sample since the row before, or since one tick before an
   * episode's first row.
   */
  readonly samples: ReadonlyMap<string, Samples>
}

/** How an episode ended. `index` -1: the recording ended first. */
export interface EpisodeEnd {
  readonly index: number
  readonly success: boolean
}

/**
 * A training set being written: recordings one after another, rows in stamp order, nothing at its place before it is
 * whole.
 */
export interface TrainingSet {
  /** Rows and episodes so far. */
  readonly rows: number
  readonly episodes: number
  /** What a person should know of what was written, one line each. */
  readonly remarks: readonly string[]
  begin(recording: Recording): void
  add(row: AnsweredObservation): void | Promise<void>
  /** Every row since the last end belongs to this episode. Not called where there is none. */
  endEpisode(end: EpisodeEnd): void | Promise<void>
  /** The recording's rows are all there. */
  end(): void | Promise<void>
  close(): void | Promise<void>
  /** Leaves nothing half-written. */
  discard(): void | Promise<void>
}
