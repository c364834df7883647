import { CELL_PACKAGES } from '../../../sim/cell-packages.js'
import { EmbeddedCell } from '../../../sim/embedded/embedded-cell.js'
import { modelNamed } from '../../../sim/embedded/episode.js'
import { CAMERA_FRAME } from '../../../sim/embedded/frames.js'
import { isAboutThings } from '../../../sim/embedded/instruction.js'
import { loadTable } from '../../../sim/objects/object-file.js'
import { undrivable } from '../drivable.js'
import type { CellKind } from './cell-kind.js'

/** The first cell: a gantry with a two-finger gripper. Gazebo's transport is loaded only for a cell in Gazebo. */
export const gantryCell: CellKind = {
  name: 'gantry',
  title: 'the embedded cell',
  claims: () => true,
  misfit: robot =>
    undrivable(robot, 'cell') ??
    (robot.actions.gripper ? undefined : "actions.gripper is missing: the cell's gripper needs a driver"),
  start: {
    sim: options => EmbeddedCell.start(options),
    gazebo: async (options, signal) =>
      (await import('../../../sim/gazebo/gazebo-cell.js')).GazeboCell.start(options, signal),
  },
  packages: CELL_PACKAGES,
  policy: 'shipped',
  cameraFrames: { color: CAMERA_FRAME },
  models: loadTable,
  isCommand: (text, models) => modelNamed(text, models) !== undefined,
  isAbout: isAboutThings,
}
