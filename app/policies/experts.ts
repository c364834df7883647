import type { Policy } from '../../policy/policy.js'
import type { Robot } from '../../robots/robot.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import type { SimulatedCell } from '../../sim/simulated-cell.js'
import { So101Cell } from '../../sim/so101/so101-cell.js'
import { ExpertPolicy } from './expert-policy.js'
import { So101ExpertPolicy } from './so101-expert-policy.js'

/** The scripted expert of a cell, which reads the cell's true state. */
export async function expertOf(cell: RobotCell, robot: Robot): Promise<Policy> {
  if (cell instanceof So101Cell) return So101ExpertPolicy.start(cell, robot)
  return new ExpertPolicy(cell as SimulatedCell, robot)
}
