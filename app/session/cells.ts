import type { Need } from '../../peers/peers.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'
import type { CellKind, CellSource, StartCell } from './cells/cell-kind.js'
import { gantryCell } from './cells/gantry-cell.js'
import { so101Cell } from './cells/so101-cell.js'

/** One line for each cell. The first that claims a robot is its cell, so the one that claims any is last. */
const CELLS: readonly CellKind[] = [so101Cell, gantryCell]

export const CELL_SOURCES: readonly CellSource[] = ['sim', 'gazebo']

export const isCellSource = (name: string): name is CellSource => CELL_SOURCES.some(source => source === name)

/** The cell that a robot is meant to stand in. It may be that it cannot: see `requireFit`. */
export const cellOf = (robot: Robot): CellKind => CELLS.find(kind => kind.claims(robot)) ?? gantryCell

/** Throws a UsageError of one line for a robot that cannot be driven in its cell. */
export function requireFit(robot: Robot): void {
  const reason = cellOf(robot).misfit(robot)
  if (reason !== undefined) throw new UsageError(`robot ${robot.name}: ${reason}; nothing was moved`)
}

/** The optional packages that a robot's cell needs. */
export function cellNeed(robot: Robot, source: CellSource): Need {
  const { title, packages } = cellOf(robot)
  return { purpose: source === 'sim' ? title : "Gazebo's cell", packages: packages[source] ?? [] }
}

/** How the cell of a robot is started. Throws UsageError where it does not run at `source`. */
export function startCell(robot: Robot, source: CellSource): StartCell {
  const { title, start } = cellOf(robot)
  const begin = start[source]
  if (!begin)
    throw new UsageError(`robot ${robot.name}: ${title} runs with --source ${Object.keys(start).join(' or ')} alone`)
  return begin
}
