import { CELL_PACKAGES } from '../../../sim/cell-packages.js'
import { loadFamily } from '../../../sim/objects/object-file.js'
import { SimError } from '../../../sim/sim-error.js'
import { JOINTS } from '../../../sim/so101/arm.js'
import { So101Cell } from '../../../sim/so101/so101-cell.js'
import { OBJECTS } from '../../../sim/so101/so101-physics.js'
import { taskOf } from '../../../sim/so101/task.js'
import { isServoActuator } from '../robot-servo-buses.js'
import type { CellKind } from './cell-kind.js'

const SERVOS = 'sts3215'

/** The second cell: an arm of the SO-101's kind, whose servos are on one bus. A robot with servos is meant for it. */
export const so101Cell: CellKind = {
  name: 'so101',
  title: 'the SO-101 cell',
  claims: ({ actuators }) => actuators.some(isServoActuator),
  misfit({ actuators }) {
    const [arm, ...others] = actuators
    if (arm === undefined || !isServoActuator(arm) || others.length > 0)
      return 'the SO-101 cell has one arm on a servo bus and nothing beside it'
    const { name, driver, port, servos, joints } = arm
    if (driver !== SERVOS) return `actions.${name}.driver: the SO-101 cell has ${SERVOS} servos`
    if (port.path !== undefined || port['serial_number'] !== undefined)
      return (
        `actions.${name}.port names a port of its own, and the cell brings one: leave path and serial_number out to ` +
        'drive the cell, or take --source bus or ros2 to drive the arm at that port'
      )
    const isSame = servos.every(({ joint, id }, i) => joint === JOINTS[i] && id === i + 1)
    if (!isSame || joints.length !== JOINTS.length)
      return `actions.${name}.joints: the servos 1 to ${JOINTS.length} of the cell move ${JOINTS.join(', ')}, in this order`
    const turned = servos.find(({ sign, offset }) => sign !== 1 || offset !== 0)
    return (
      turned &&
      `actions.${name}: ${turned.joint} has a sign, an offset or a calibration, and the servos of the cell are as built`
    )
  },
  start: { sim: options => So101Cell.start(options) },
  packages: { sim: CELL_PACKAGES.sim },
  policy: 'expert',
  cameraFrames: { overhead: 'overhead_optical_frame', wrist: 'wrist_optical_frame' },
  models(set, count = 1) {
    const models = loadFamily(OBJECTS, set)
    if (models.length >= count) return models
    throw new SimError('OBJECTS_FEW', `${set}: has ${models.length} objects, ${count} are to lie on the table`)
  },
  isCommand: (text, models) => taskOf(text, models)?.kind === 'put',
  isAbout: (text, models) => taskOf(text, models) !== undefined,
}
