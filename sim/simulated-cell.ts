import type { Source } from './embedded/source.js'
import type { Grasp } from './objects/grasp.js'

/** Options of a simulated cell. Times in this file: whole ns since the run's epoch. */
export interface CellOptions {
  readonly mode: 'realtime' | 'lockstep'
  readonly seed: number
  /** `seen`, `unseen` or the path of an objects file. */
  readonly objects: string
  /** Number of objects on the table, 1 to 5. Default: 2 to 5, drawn from the seed. */
  readonly count?: number | undefined
  /** Commands to draw from, each with `{name}` for the object's name. Default: the cell's own. */
  readonly phrases?: readonly string[] | undefined
  /** Codes of the languages whose stop words the judge knows. Default: all. */
  readonly languages?: readonly string[] | undefined
  /** Time of an episode from which speech is not heard, ns. No correction comes after it. */
  readonly voiceUntil?: number | undefined
  /** `process.hrtime.bigint()` at stamp 0; real time only. Default: the start of the cell. */
  readonly started?: bigint
  /** Size of the pictures (at least 128 x 128) and rate in Hz. `false`: no camera. */
  readonly camera?: { readonly width: number; readonly height: number; readonly rate: number } | false
  /** Factors on the errors of the force-torque sensor. Default: 1; 0: no errors. */
  readonly sensor?: { readonly noise?: number; readonly bias?: number; readonly drift?: number }
}

/** How an episode is set up. */
export interface Placement {
  /** The command. Undefined: the one that is drawn. */
  readonly say?: string | undefined
  /** The episode's clock starts with the first command, not with the set-up. */
  readonly awaitCommand?: boolean
}

/** An episode as it was drawn. */
export interface EpisodeSetup {
  readonly index: number
  readonly seed: number
  readonly command: string
  /** A correction that is said while the arm moves, `at` ns after the start of the episode. */
  readonly correction: { readonly text: string; readonly at: number } | undefined
  /** Names of the objects on the table. `target`: the one to grasp in the end; undefined after "stop". */
  readonly objects: readonly string[]
  readonly target: string | undefined
  /** Names of the objects whose crush limit is below 70 N. */
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
  'wrong_bin',
] as const
export type FailureReason = (typeof FAILURE_REASONS)[number]

/** The judge's verdict on an episode. */
export interface Verdict {
  readonly done: boolean
  readonly success: boolean
  readonly reason: FailureReason | undefined
  /** Largest contact force on the target, and largest force of a strike on the table, N. */
  readonly peakForce: number
  readonly peakStrike: number
}

/** Statistics of a cell since its start. */
export interface CellStats {
  /** Real time only: number of physics steps that began more than one step late, and simulated ns that were skipped. */
  readonly overruns: number
  readonly skippedNs: number
  /** Simulated time divided by the time that the steps took. */
  readonly realTimeFactor: number
  /** Number of samples that were dropped because the ring to the main thread was full. */
  readonly lostSamples: number
  readonly renderedFrames: number
  readonly renderMs: number
}

/**
 * One picture in the form that nodes/camera takes: rgb with 3 bytes a pixel; depth in mm along the optical axis, 0 is
 * invalid. The buffers belong to the receiver.
 */
export interface CellFrame {
  readonly stamp: number
  readonly receive: number
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
  readonly depth: Uint16Array
}

/** The true state of a cell, for the scripted expert and the benchmark. Policies do not get it. */
export interface Truth {
  /** Simulated time of this state. */
  readonly stamp: number
  /** Name of the object to grasp now; undefined: none, stand still. */
  readonly target: string | undefined
  readonly gentle: boolean
  readonly objects: readonly TrueObject[]
  /** x, y, z, qx, qy, qz, qw. */
  readonly tool: Float64Array
  readonly width: number
  readonly widthRate: number
}

/** The true state of an object. */
export interface TrueObject {
  readonly name: string
  /** x, y, z, qx, qy, qz, qw of its frame. */
  readonly pose: Float64Array
  /** Height above its place on the table, m. */
  readonly lift: number
  /** The smaller of the two pads' forces on it, N; 0 unless both pads touch it. */
  readonly squeeze: number
  /** The largest force of a pad or the palm on it, N. Its crush limit is a limit on this force. */
  readonly press: number
  readonly radius: number
  readonly mass: number
  readonly friction: number
  readonly crush: number
  readonly grasps: readonly Grasp[]
}

/**
 * A simulated cell whose arm takes poses of its tool, whichever simulator computes it. It is a `RobotCell`. Callbacks get
 * the samples in receive order.
 */
export interface SimulatedCell {
  /** Path of the gripper's serial port: a pseudo-terminal. */
  readonly ports: { readonly gripper: string }
  /** The wrist camera and the force-torque sensor, as the camera and force_torque nodes take them. */
  readonly cameras: { readonly color: Source<(frame: CellFrame) => void> }
  readonly wrist: Source<(stamp: number, wrench: Float64Array, receive: number) => void>
  /** TCP pose in the base frame: x, y, z, qx, qy, qz, qw. */
  onToolPose: ((stamp: number, receive: number, pose: Float64Array) => void) | undefined
  /** Gripper opening, m. */
  onGripperWidth: ((stamp: number, receive: number, width: number) => void) | undefined
  /** Called before each sample, with its receive time. */
  onReceive: ((receive: number) => void) | undefined
  /** Called when the simulator has failed. The embedded cell cannot be used any more then. */
  onError: ((error: Error) => void) | undefined
  readonly stats: CellStats
  /**
   * Places the objects of episode `index`, which is drawn from the seed. The arm is at home, the fingers are open, and
   * the gripper's firmware is as at the start. Time goes on.
   */
  reset(index: number, placement?: Placement): Promise<EpisodeSetup>
  /** Lockstep only: simulates up to `until` (ns) and delivers all samples that are received by then, in order. */
  advance(until: number): Promise<void>
  /**
   * Lockstep only: moves time on to `until` (ns) without simulation. Samples that were already on their way are
   * delivered.
   */
  skip(until: number): Promise<void>
  /** The arm's set-point (x, y, z, qx, qy, qz, qw), effective on arrival. */
  setToolTarget(pose: Float64Array): void
  /** Tells the judge and the expert what was said. */
  said(text: string): void
  /** Tells the judge and the expert that a stop was said. */
  stopSaid(): void
  /** The judge's verdict on the current episode. */
  verdict(): Verdict
  /** The true state of the cell. Throws SimError NO_EPISODE before the first reset. */
  truth(): Truth
  /** Ends the simulation and closes the serial port. */
  close(): Promise<void>
}
