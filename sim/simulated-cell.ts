import type { Grasp } from './objects/grasp.js'

/** The embedded cell as the rest of the project sees it. Times: whole ns since the run's epoch. */

export interface CellOptions {
  readonly mode: 'realtime' | 'lockstep'
  readonly seed: number
  /** `seen`, `unseen` or the path of an objects file. */
  readonly objects: string
  /** How many objects lie on the table, 1 to 5. Default: 2 to 5, drawn. */
  readonly count?: number | undefined
  /** Commands to draw from, each with `{name}` for the object's name. Default: the cell's own. */
  readonly phrases?: readonly string[] | undefined
  /** Whose stop words the judge hears, by their codes. Default: all that are known. */
  readonly languages?: readonly string[] | undefined
  /** ns of each episode from which on nothing said is heard, so that no correction comes any more. */
  readonly voiceUntil?: number | undefined
  /** `process.hrtime.bigint()` at stamp 0; real time only. Default: the start of the cell. */
  readonly started?: bigint
  /** Image size; at least 128 x 128. `false`: no camera. */
  readonly camera?: { readonly width: number; readonly height: number; readonly rate: number } | false
  /** Factors on the wrist sensor's errors; 1: as built, 0: none. */
  readonly sensor?: { readonly noise?: number; readonly bias?: number; readonly drift?: number }
}

/** How an episode is placed. */
export interface Placement {
  /** What will be said instead of the drawn command; undefined: that one. */
  readonly say?: string | undefined
  /** Its clock begins with the first command that is said, not with the placing. */
  readonly awaitCommand?: boolean
}

export interface EpisodeSetup {
  readonly index: number
  readonly seed: number
  readonly command: string
  /** Said while the arm moves, `at` ns after the episode's start. */
  readonly correction: { readonly text: string; readonly at: number } | undefined
  /** Names of the objects on the table; `target` is the one meant in the end (undefined after "stop"). */
  readonly objects: readonly string[]
  readonly target: string | undefined
  /** Names of those on the table whose crush limit is below 70 N. */
  readonly fragile: readonly string[]
  readonly timeout: number
}

export const FAILURE_REASONS = [
  'wrong_object',
  'dropped',
  'crushed',
  'table_struck',
  'moved_after_stop',
  'timeout',
  'not_grasped',
  'fault',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

export interface Verdict {
  readonly done: boolean
  readonly success: boolean
  readonly reason: FailureReason | undefined
  /** Peak contact force on the target (N) and of table or bin strikes (N). */
  readonly peakForce: number
  readonly peakStrike: number
}

export interface CellStats {
  /**
   * Physics steps that began more than one step late, and simulated ns that were skipped to catch up (real time only).
   */
  readonly overruns: number
  readonly skippedNs: number
  /** Simulated time a unit of time spent in stepping. */
  readonly realTimeFactor: number
  /** Samples that found the ring to the main thread full. */
  readonly lostSamples: number
  readonly renderedFrames: number
  readonly renderMs: number
}

/**
 * One exposure, as nodes/camera takes it: rgb 3 bytes a pixel, depth in mm along the optical axis, 0 invalid. The
 * buffers are the receiver's.
 */
export interface CellFrame {
  readonly stamp: number
  readonly receive: number
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  readonly depth: Uint16Array
}

/** What no policy sees: the state behind the sensors, for the scripted expert and the benchmark. */
export interface Truth {
  /** Simulated time of this state. */
  readonly stamp: number
  /** The object that the command means at this moment; undefined: none, stand still. */
  readonly target: string | undefined
  readonly gentle: boolean
  readonly objects: readonly TrueObject[]
  /** x, y, z, qx, qy, qz, qw. */
  readonly tool: Float64Array
  readonly width: number
  readonly widthRate: number
}

export interface TrueObject {
  readonly name: string
  /** x, y, z, qx, qy, qz, qw of its frame. */
  readonly pose: Float64Array
  /** m above its place on the table. */
  readonly lift: number
  /** The smaller of both pads' forces on it, N; 0 unless both touch it. */
  readonly squeeze: number
  /** The largest force that a pad or the palm puts on it, N: what its crush limit is about. */
  readonly press: number
  readonly radius: number
  readonly mass: number
  readonly friction: number
  readonly crush: number
  readonly grasps: readonly Grasp[]
}
