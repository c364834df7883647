import type { PeerName } from '../../../peers/peers.js'
import type { Robot } from '../../../robots/robot.js'
import type { ObjectModel } from '../../../sim/objects/object.js'
import type { RobotCell } from '../../../sim/robot-cell.js'
import type { CellOptions } from '../../../sim/simulated-cell.js'

/** Where a cell's physics runs: the word of `--source`. */
export type CellSource = 'sim' | 'gazebo'

/** Starts a cell. `signal` ends the wait for a simulator in another process. */
export type StartCell = (options: CellOptions, signal?: AbortSignal) => Promise<RobotCell>

/**
 * The declaration of a simulated cell: all that the application needs to know of it. To add a cell, write one file with
 * such a declaration and one line in `app/session/cells.ts`.
 */
export interface CellKind {
  readonly name: string
  /** What is said of it: `the embedded cell`. */
  readonly title: string
  /** Whether a robot is meant to stand in it. The first kind that says so is asked for a misfit. */
  claims(robot: Robot): boolean
  /** Why the robot cannot be driven in it, in one sentence without an end. Undefined: it can. */
  misfit(robot: Robot): string | undefined
  /** How it is started, by where its physics runs. Left out: it does not run there. */
  readonly start: Readonly<Partial<Record<CellSource, StartCell>>>
  readonly packages: Readonly<Partial<Record<CellSource, readonly PeerName[]>>>
  /** The policy where none is asked for: the model that comes with prehend, or the scripted expert. */
  readonly policy: 'shipped' | 'expert'
  /** The names of the frames of its cameras, without the prefix. */
  readonly cameraFrames: Readonly<Record<string, string>>
  /**
   * The models of `seen`, `unseen` or an objects file, `count` at least. Throws SimError OBJECTS_MISSING, OBJECTS_INVALID
   * or OBJECTS_FEW.
   */
  models(set: string, count?: number): readonly ObjectModel[]
  /** Whether a command names something that it can be about. */
  isCommand(text: string, models: readonly ObjectModel[]): boolean
  /** Whether a typed line is about something in the cell: an object, a colour, a manner, a bin. */
  isAbout(text: string, models: readonly ObjectModel[]): boolean
}
