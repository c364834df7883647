import type { Gripper } from '../drivers/gripper.js'
import { createGripper } from '../drivers/registry.js'
import type { Robot } from '../fusion/robot/robot.js'

/** The gripper that a robot file names, on the serial port `path`, not yet connected. Throws DriverError UNKNOWN_DRIVER. */
export function gripperOf({ driver, port: { baud }, slave }: NonNullable<Robot['actions']['gripper']>, path: string): Gripper {
  return createGripper(driver, { port: { path, baud }, slave })
}
