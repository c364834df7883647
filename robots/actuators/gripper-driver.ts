import type { Driver } from '../../drivers/driver-declaration.js'
import { COMMON_DRIVER, DRIVERS } from '../../drivers/gripper-drivers.js'
import { name } from '../fields.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind, type RawSection } from './actuator-kind.js'
import { describePort, portOf, portSchema, shapeOf, valuesOf, type Options, type Port } from './driver-options.js'

interface Section {
  readonly driver: string
  readonly port?: { readonly path?: string | undefined } | undefined
}

/** A gripper with a driver of its own, on a port. */
export interface GripperDriver extends ActuatorBase {
  readonly kind: 'gripper_driver'
  readonly driver: string
  readonly port: Port
  /** The driver's own options, such as `slave`. */
  readonly options: Options
}

/** The declaration of a driver. For a driver that is not known here, that of the common driver. */
export const driverOf = (driver: unknown): Driver =>
  DRIVERS.get(typeof driver === 'string' ? driver : '') ?? COMMON_DRIVER

const shapeFor = ({ transport, options }: Driver) => ({
  driver: name('a driver such as robotiq-2f85'),
  port: portSchema(transport),
  ...shapeOf(options),
})

export const gripperDriver = actuatorKind<Section, GripperDriver>({
  kind: 'gripper_driver',
  written: '`{ driver: NAME, port: { path } }`',
  meaning: 'a gripper on a port, see the drivers below',
  channels: '`gripper` (`width`, `opening`, `effort`)',
  claims: section => 'driver' in section,
  shape: (section?: RawSection) => shapeFor(driverOf(section?.['driver'])),
  shapes: () => [...DRIVERS.values()].map(shapeFor),
  takes: () => [{ kind: 'gripper', names: ['width', 'opening', 'effort'] }],
  hasJoints: false,
  resolve(section) {
    const { transport, options } = driverOf(section.driver)
    return {
      kind: 'gripper_driver',
      driver: section.driver,
      port: portOf(transport, section.port),
      options: valuesOf(options, section),
      takes: this.takes(section),
      joints: [],
      state: undefined,
    }
  },
  canonical: ({ driver, port, options }) => ({ driver, port, ...options }),
  endpoints: ({ port }) => (port.path === undefined ? [] : [{ what: 'port', at: port.path, key: ['port', 'path'] }]),
  describe({ driver, port, options }) {
    const declared = driverOf(driver)
    return [driver, declared.describe(options), describePort(declared.transport, port)]
      .filter(words => words !== '')
      .join(', ')
  },
})
