import type { Gripper } from '../../drivers/gripper.js'
import type { Patience } from '../../drivers/driver-declaration.js'
import { createGripper } from '../../drivers/gripper-drivers.js'
import type { Robot } from '../../robots/robot.js'
import { UsageError } from '../output/output.js'

/** The gripper that a robot file names, on the port `path`, not yet connected. Throws DriverError UNKNOWN_DRIVER. */
export function gripperOf(
  gripper: NonNullable<Robot['actions']['gripper']>,
  path: string,
  patience: Patience = {},
): Gripper {
  return createGripper({ ...gripper, port: { ...gripper.port, path } }, patience)
}

/** A gripper and its port. */
export interface OwnGripper {
  readonly gripper: Gripper
  readonly path: string
}

/**
 * The gripper of a robot on its own port, not yet connected. `path` comes before the robot file's. Undefined: the robot
 * has no gripper beside its joints. Throws UsageError where nothing names the port; `option` is what could.
 */
export function ownGripper(
  { name, actions: { gripper } }: Pick<Robot, 'name' | 'actions'>,
  { path, option }: { readonly path?: string | undefined; readonly option: string },
): OwnGripper | undefined {
  if (!gripper) return undefined
  const at = path || gripper.port.path
  if (at) return { gripper: gripperOf(gripper, at), path: at }
  throw new UsageError(
    `robot ${name}: actions.gripper.port.path is missing: name the gripper's serial port there, or with ${option}`,
  )
}
