import { DriverError } from './driver-error.js'
import type { Gripper } from './gripper.js'
import { Robotiq2f85 } from './robotiq-2f85.js'
import type { Robotiq2f85Options } from './robotiq-2f85.js'
import { SerialPort } from './serial-port.js'
import type { SerialPortOptions } from './serial-port.js'

export interface GripperOptions {
  readonly port: SerialPortOptions
  /** Address on the bus, where the device has one. */
  readonly slave?: number
  readonly device?: Robotiq2f85Options
}

const GRIPPERS: Readonly<Record<string, (options: GripperOptions) => Gripper>> = {
  'robotiq-2f85': ({ port, slave, device }) => new Robotiq2f85(new SerialPort(port), { unit: slave, ...device }),
}

export const GRIPPER_NAMES: readonly string[] = Object.keys(GRIPPERS)

/** A gripper by its driver's name, not yet connected. Throws DriverError UNKNOWN_DRIVER. */
export function createGripper(name: string, options: GripperOptions): Gripper {
  const create = Object.hasOwn(GRIPPERS, name) ? GRIPPERS[name] : undefined
  if (create === undefined) {
    throw new DriverError(
      'UNKNOWN_DRIVER',
      `gripper driver "${name}": not known; known are ${GRIPPER_NAMES.join(', ')}`,
    )
  }
  return create(options)
}
