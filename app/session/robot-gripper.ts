import type { Gripper } from '../../drivers/gripper.js'
import type { Patience } from '../../drivers/driver.js'
import { createGripper } from '../../drivers/registry.js'
import type { Robot } from '../../robots/robot.js'

/** The gripper that a robot file names, on the port `path`, not yet connected. Throws DriverError UNKNOWN_DRIVER. */
export function gripperOf(
  gripper: NonNullable<Robot['actions']['gripper']>,
  path: string,
  patience: Patience = {},
): Gripper {
  return createGripper({ ...gripper, port: { ...gripper.port, path } }, patience)
}
