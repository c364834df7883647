import type { Robot } from '../../robots/robot.js'
import { cellOf } from './cells.js'
import { so101Cell } from './cells/so101-cell.js'
import { Demonstration, type DemonstrationOptions, type Demonstrator } from './demonstration.js'
import { So101Demonstration } from './so101-demonstration.js'

/** Who makes demonstrations in the cell of a robot. */
export const demonstratorOf = (robot: Robot, options: DemonstrationOptions): Demonstrator =>
  cellOf(robot) === so101Cell ? new So101Demonstration(robot, options) : new Demonstration(robot, options)
