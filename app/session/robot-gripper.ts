import type { Gripper } from '../../drivers/gripper.js'
import { createGripper } from '../../drivers/registry.js'
import type { Robot } from '../../robots/robot.js'

/**
 * The gripper that a robot file names, on the serial port `path`, not yet connected. `patience`: ms that bytes may take
 * to leave, and an answer to
 * come; default: the driver's. Throws DriverError UNKNOWN_DRIVER.
 */
export function gripperOf(
  { driver, port: { baud }, slave }: NonNullable<Robot['actions']['gripper']>,
  path: string,
  { patience }: { patience?: number | undefined } = {},
): Gripper {
  return createGripper(
    driver,
    patience === undefined
      ? { port: { path, baud }, slave }
      : { port: { path, baud, writeTimeout: patience }, slave, device: { timeout: patience } },
  )
}
