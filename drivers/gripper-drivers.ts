import { DriverError } from './driver-error.js'
import type { Driver, DriverOptions, OptionValues, Patience } from './driver-declaration.js'
import type { Gripper } from './gripper.js'
import { robotiq2f85 } from './robotiq-2f85.js'

/** One line for each driver. */
const SHIPPED: readonly Driver[] = [robotiq2f85]

/** The driver whose options are assumed for a robot file that names an unknown driver. */
export const COMMON_DRIVER: Driver = robotiq2f85

/**
 * The drivers by the name that a robot file uses. Other packages add a driver with `set` before the first robot file is
 * read.
 */
export const DRIVERS: Map<string, Driver> = new Map(SHIPPED.map(each => [each.name, each]))

/** A gripper as a robot file states it, on a port whose path is known. The other keys are the driver's own options. */
export interface GripperSetting {
  readonly driver: string
  readonly port: { readonly path: string; readonly [option: string]: string | number | undefined }
  readonly [option: string]: string | number | object | undefined
}

/** Makes the gripper without connecting it. Throws a DriverError UNKNOWN_DRIVER. */
export function createGripper({ driver, port, ...options }: GripperSetting, patience: Patience = {}): Gripper {
  const declared = DRIVERS.get(driver)
  if (declared === undefined) {
    throw new DriverError(
      'UNKNOWN_DRIVER',
      `gripper driver "${driver}": not known; known are ${[...DRIVERS.keys()].join(', ')}`,
    )
  }
  return declared.create(port, options as OptionValues<DriverOptions>, patience)
}
