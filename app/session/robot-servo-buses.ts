import type { Patience } from '../../drivers/driver-declaration.js'
import { SerialPort } from '../../drivers/serial-port.js'
import { ServoBus } from '../../drivers/servo/servo-bus.js'
import { SERVO_MODELS } from '../../drivers/servo/servo-models.js'
import type { ServoBus as ServoActuator } from '../../robots/actuators/servo-bus.js'
import type { Actuator, Robot } from '../../robots/robot.js'
import { unknownName } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'

/** A bus of servos and its port. */
export interface OwnServoBus {
  readonly servos: ServoBus
  readonly port: SerialPort
}

export interface ServoBusesOptions extends Patience {
  /** The path of the port of an actuator whose robot file names none. */
  readonly path?: string | undefined
}

/** A write may take so many times the patience for an answer. */
const WRITE_SHARE = 30

export const isServoActuator = (actuator: Actuator): actuator is ServoActuator => actuator.kind === 'servo_bus'

/**
 * The buses of a robot's actuators on servos by their names, not yet connected. Throws UsageError where nothing names a
 * port.
 */
export function servoBusesOf(robot: Pick<Robot, 'name' | 'actuators'>, options: ServoBusesOptions = {}) {
  return new Map(
    robot.actuators.filter(isServoActuator).map(actuator => [actuator.name, servoBusOf(robot.name, actuator, options)]),
  ) as ReadonlyMap<string, OwnServoBus>
}

/** The buses alone, by the names of their actuators. */
export const servosOf = (buses: ReadonlyMap<string, OwnServoBus>): ReadonlyMap<string, ServoBus> =>
  new Map([...buses].map(([name, { servos }]) => [name, servos]))

/** One line for each port that does not hand over at once what it receives, with what to do. */
export const latencyNotices = (buses: ReadonlyMap<string, OwnServoBus>): string[] =>
  [...buses].flatMap(([name, { port }]) =>
    port.latency?.mode === 'normal' ? [`servo bus of ${name}: ${port.latency.text}`] : [],
  )

function servoBusOf(robot: string, actuator: ServoActuator, { path: given, patience }: ServoBusesOptions): OwnServoBus {
  const { name, driver, servos, calibration } = actuator
  const model = SERVO_MODELS.get(driver)
  if (!model)
    throw new UsageError(`robot ${robot}: actions.${name}: ${unknownName('driver', driver, [...SERVO_MODELS.keys()])}`)
  const { path = given, serial_number: serialNumber, baud } = actuator.port
  if (path === undefined && serialNumber === undefined)
    throw new UsageError(
      `robot ${robot}: actions.${name}.port is missing: name its path or serial_number there, or the path with --port`,
    )
  const port = new SerialPort({
    ...(path === undefined ? { serialNumber: String(serialNumber) } : { path }),
    baud: Number(baud),
    lowLatency: true,
    // A busy machine is late with the end of a write, too.
    ...(patience && { writeTimeout: WRITE_SHARE * patience }),
  })
  const joints = servos.map(({ joint, id, sign, offset }) => ({
    name: joint,
    id,
    sign,
    zero: (0.5 + offset / (2 * Math.PI)) * model.turn,
    homingOffset: calibration?.[joint]?.homing_offset,
  }))
  return { port, servos: new ServoBus(port, { model, joints, baud: Number(baud), ...(patience && { patience }) }) }
}
