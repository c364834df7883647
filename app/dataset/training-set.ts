import type { FastTicksConfig } from '../../fusion/fast-ticks.js'
import type { Samples } from '../../fusion/stream-buffer.js'
import type { Observation } from '../../fusion/observation.js'
import type { Executable } from '../../control/chunk/set-point.js'
import type { Robot } from '../../robots/robot.js'
import type { Epoch } from '../../fusion/stamp.js'
import type { Action } from './actions/action.js'

/** A recording that is put into a set. */
export interface Recording {
  readonly path: string
  readonly robot: Robot
  /** The time that stamps count from. */
  readonly epoch: Epoch
  /** Ticks a second: reference ticks, a whole number, or those of a head. */
  readonly rate: number
}

export interface InsteadAnswer {
  readonly command: string
  readonly chunk: Executable
  readonly aux: Float64Array
}

/** Labels of a scene, by names: of the first cell `AUX`. */
export interface Labels {
  readonly names: readonly string[]
  readonly values: Float64Array
}

/** An observation and what belongs to its stamp. */
export interface AnsweredObservation {
  readonly observation: Observation
  readonly action: Action
  /** The chunk that the action is from; it may have more rows than the set needs. Undefined: the action is a command. */
  readonly chunk: Executable | undefined
  /** What training may know of the scene; undefined where the recording does not say. */
  readonly aux: Labels | undefined
  /** A command that was not given, and the expert's answer to it; undefined where the recording has none. */
  readonly instead: InsteadAnswer | undefined
  /**
   * The samples of each stream that is aligned by window, by the stream's name: all since the row before. For an
   * episode's first row, all since one tick before it. None at the ticks of a head.
   */
  readonly samples: ReadonlyMap<string, Samples>
}

/** How an episode ended. `index` -1: the recording ended first. */
export interface EpisodeEnd {
  readonly index: number
  readonly success: boolean
}

/**
 * A training set that is being written. Recordings come one after another, rows in the order of their stamps. Nothing
 * has its final name before it is complete.
 */
export interface TrainingSet {
  /** Rows and episodes so far. */
  readonly rows: number
  readonly episodes: number
  /** What the user should know about the set, one line each. */
  readonly remarks: readonly string[]
  /** The ticks of the rows where they are those of a head. Undefined, or left out: the reference ticks. */
  headTicks?(robot: Robot): FastTicksConfig | undefined
  begin(recording: Recording): void
  add(row: AnsweredObservation): void | Promise<void>
  /** Ends an episode, to which every row since the last end belongs. Not called without rows. */
  endEpisode(end: EpisodeEnd): void | Promise<void>
  /** Ends a recording: all its rows have been added. */
  end(): void | Promise<void>
  close(): void | Promise<void>
  /** Removes what was written. */
  discard(): void | Promise<void>
}
