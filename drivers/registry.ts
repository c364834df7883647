import { DriverError } from './driver-error.js'
import type { Driver, DriverOptions, OptionValues, Patience } from './driver.js'
import type { Gripper } from './gripper.js'
import { robotiq2f85 } from './robotiq-2f85.js'

/** One line a driver. */
const SHIPPED: readonly Driver[] = [robotiq2f85]

/** What a robot file is read with whose driver is not known here. */
export const COMMON_DRIVER: Driver = robotiq2f85

/**
 * The drivers by the name that a robot file uses. A driver from elsewhere is added with `set`, before robot files are
 * read.
 */
export const DRIVERS: Map<string, Driver> = new Map(SHIPPED.map(each => [each.name, each]))

/** What a robot file says of a gripper, on a port whose path is known: beside these the driver's own options. */
export interface GripperSetting {
  readonly driver: string
  readonly port: { readonly path: string; readonly [option: string]: string | number | undefined }
  readonly [option: string]: string | number | object | undefined
}

/** A gripper as a robot file says it, not yet connected. Throws DriverError UNKNOWN_DRIVER. */
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
