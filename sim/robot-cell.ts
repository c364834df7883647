import type { Source } from './embedded/source.js'
import type { CellFrame, CellStats, EpisodeSetup, Placement, Verdict } from './simulated-cell.js'

/** The true state of a cell, as far as it does not depend on its robot. */
export interface CellTruth {
  /** Name of the object that is meant now; undefined: none, stand still. */
  readonly target: string | undefined
  readonly objects: readonly {
    readonly name: string
    /** The largest force on it, and the one that crushes it, N. Left out: the cell does not say. */
    readonly press?: number
    readonly crush?: number
  }[]
}

/**
 * A simulated cell, whichever robot stands in it. What a robot is told goes over its serial ports, and what it measures
 * of itself comes back over them; cameras and force sensors have lines of their own. A `SimulatedCell` is one whose arm
 * takes poses of its tool beside that. Callbacks get the samples in receive order. Times: whole ns since the run's
 * epoch.
 */
export interface RobotCell<Truth extends CellTruth = CellTruth> {
  /** Paths of the serial ports (pseudo-terminals), by the name of what is on them. */
  readonly ports: Readonly<Record<string, string>>
  /** The cameras by name, as the camera nodes take them. */
  readonly cameras: Readonly<Record<string, Source<(frame: CellFrame) => void>>>
  /** The force-torque sensor at the wrist: fx, fy, fz (N), tx, ty, tz (N·m) in its own frame. */
  readonly wrist: Source<(stamp: number, wrench: Float64Array, receive: number) => void>
  /** Called before each sample, with its receive time. */
  onReceive: ((receive: number) => void) | undefined
  /** Called when the simulator has failed. The cell cannot be used any more then. */
  onError: ((error: Error) => void) | undefined
  readonly stats: CellStats
  /**
   * Places the objects of episode `index`, which is drawn from the seed. The arm is at home and holds itself there. Time
   * goes on.
   */
  reset(index: number, placement?: Placement): Promise<EpisodeSetup>
  /** Lockstep only: simulates up to `until` (ns) and delivers all samples that are received by then, in order. */
  advance(until: number): Promise<void>
  /** Lockstep only: moves time on to `until` (ns) without simulation. Samples on their way are delivered. */
  skip(until: number): Promise<void>
  /** Tells the judge and the expert what was said. */
  said(text: string): void
  stopSaid(): void
  /** The judge's verdict on the current episode. */
  verdict(): Verdict
  /** The true state of the cell, for its scripted expert. Throws SimError NO_EPISODE before the first reset. */
  truth(): Truth
  /** Ends the simulation and closes the serial ports. */
  close(): Promise<void>
}
