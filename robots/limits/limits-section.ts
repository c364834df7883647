import { z } from 'zod'
import { quantity, range, time } from '../fields.js'
import { mapping } from '../validation.js'
import { jointsSchema } from './joint-limits.js'

const PLACE = ['-10 m', '10 m'] as const
const FORCE = ['0.01 N', '1000 N'] as const
const WATCH = ['1 ms', '1 min'] as const

/** The limits that hold for one actuator. They stand in `limits`, for all, or in the actuator's own `limits`. */
const ofActuator = {
  workspace: mapping({
    x: range('length', PLACE, 'Base frame.'),
    y: range('length', PLACE, 'Base frame.'),
    z: range('length', PLACE, 'Base frame.'),
  })
    .optional()
    .meta({
      description: 'Where the tool may be, base frame. Needed by an arm that takes poses or velocities of its tool.',
    }),
  speed: quantity('speed', ['1 mm/s', '10 m/s'], 'Tool speed, at most. Needed as workspace is.').optional(),
  yaw_rate: quantity(
    'angular speed',
    ['0.1 deg/s', '1000 deg/s'],
    'How fast the tool may turn, at most: about the vertical, or about any axis where it may tilt. Needed as workspace is.',
  ).optional(),
  acceleration: quantity(
    'acceleration',
    ['1 mm/s^2', '1000 m/s^2'],
    'How fast the speed of a tool that takes velocities may change.',
  ).optional(),
  turn_acceleration: quantity(
    'angular acceleration',
    ['0.1 deg/s^2', '100000 rad/s^2'],
    'How fast the angular speed of a tool that takes velocities may change.',
  ).optional(),
  width: range('length', ['0 m', '1 m'], 'Gripper width. Needed by a gripper.').optional(),
  effort: range('force', ['0 N', '2000 N'], 'Grip force. Needed by a gripper.').optional(),
  joints: jointsSchema.optional(),
}

/** The schema of an actuator's own `limits`. */
export const actuatorLimitsSchema = mapping(ofActuator)
  .meta({ id: 'actuator_limits', description: "Limits of this actuator alone. They go before the robot's." })
  .optional()

/** The schema of the robot's `limits`. */
export const limitsSchema = mapping({
  ...ofActuator,
  contact: quantity('force', FORCE, 'Tared wrist force that counts as contact. Default 3 N.').optional(),
  over_force: quantity('force', FORCE, 'Tared wrist force at which motion stops. Default 30 N.').optional(),
  watchdog: mapping({
    wrench: time('Default 50 ms.', WATCH).optional(),
    camera: time('Default 250 ms.', WATCH).optional(),
    policy: time('Default 300 ms.', WATCH).optional(),
    person: time('A leader arm, a keyboard or a gamepad while it commands. Default 200 ms.', WATCH).optional(),
    gripper: time('Default 200 ms.', WATCH).optional(),
  })
    .optional()
    .meta({ description: 'Silence after which the control node holds.' }),
})
  .optional()
  .meta({ description: 'What the control node never exceeds.' })

export type ActuatorLimitsParsed = NonNullable<z.output<typeof actuatorLimitsSchema>>
export type LimitsParsed = NonNullable<z.output<typeof limitsSchema>>
