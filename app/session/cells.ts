import { Cell, type SimulatedCell } from '../../sim/embedded/cell-handle.js'
import type { CellOptions } from '../../sim/simulated-cell.js'

/**
 * Whose physics and sensors a cell has, by the word of `--source`. Gazebo's transport is loaded only where it is asked
 * for.
 */
const CELLS = {
  sim: (options: CellOptions): Promise<SimulatedCell> => Cell.start(options),
  gazebo: async (options: CellOptions, signal?: AbortSignal): Promise<SimulatedCell> =>
    (await import('../../sim/gazebo/gazebo-cell.js')).GazeboCell.start(options, signal),
}
export type CellSource = keyof typeof CELLS

export const CELL_SOURCES = Object.keys(CELLS) as CellSource[]

export const isCellSource = (name: string): name is CellSource => Object.hasOwn(CELLS, name)

/** `signal` ends the wait for a simulator beside us; the embedded cell is there within a second. */
export const startCell =
  (source: CellSource, signal?: AbortSignal): ((options: CellOptions) => Promise<SimulatedCell>) =>
  options =>
    CELLS[source](options, signal)
