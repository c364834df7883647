import type { Gripper } from '../../drivers/gripper.js'
import type { Patience } from '../../drivers/driver-declaration.js'
import { createGripper } from '../../drivers/gripper-drivers.js'
import { isNamedGripper } from '../../nodes/driver-gripper-wiring.js'
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

/**
 * The other grippers of a robot with a driver, by the names of their actuators, not yet connected. Throws UsageError where
 * a port has no path.
 */
export const otherGrippers = (
  robot: Pick<Robot, 'name' | 'actuators'>,
  patience: Patience = {},
): ReadonlyMap<string, OwnGripper> =>
  new Map(
    robot.actuators.filter(isNamedGripper).map(({ name, driver, port, options }) => {
      const { path } = port
      if (path === undefined)
        throw new UsageError(`robot ${robot.name}: actions.${name}.port.path is missing: name the gripper's port there`)
      return [name, { gripper: gripperOf({ driver, port, ...options }, path, patience), path }]
    }),
  )

/** The grippers alone, by the names of their actuators. */
export const grippersOf = (grippers: ReadonlyMap<string, OwnGripper>): ReadonlyMap<string, Gripper> =>
  new Map([...grippers].map(([name, { gripper }]) => [name, gripper]))
