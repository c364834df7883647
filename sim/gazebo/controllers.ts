import { AXES, GRIPPER, WORKSPACE } from '../embedded/mjcf.js'

/** The controller of a joint, and the joint's range relative to its home position. */
export interface Controller {
  /**
   * Stiffness in N/m or N·m/rad. The force is stiffness · (command - position) - damping · velocity, limited to `force`
   * (N or N·m), as in the embedded cell's servos.
   */
  readonly stiffness: number
  readonly damping: number
  readonly force: number
  readonly range: readonly [number, number] | undefined
}

/** m by which an axis can move beyond the workspace. */
const MARGIN = 0.05

/**
 * The fingers' controller is soft, so a command beyond the touched object sets a force: stiffness · (command -
 * position). In lockstep the position is known at each command, and the gripper's drive sets its force in this way.
 */
const FINGER = { stiffness: 1000, damping: 20, force: 250 } as const

/** The controller of a joint of the cell. `home`: the joint's home position (m, rad). */
export function controllerOf(joint: string, home: number): Controller {
  const axis = AXES.find(({ name }) => name === joint)
  if (axis === undefined) return { ...FINGER, range: [-home, GRIPPER.maxWidth / 2 - home] }
  const { kp: stiffness, kv: damping, name } = axis
  if (name === 'yaw') return { stiffness, damping, force: 20, range: undefined }
  const [low, high] = WORKSPACE[name]
  return { stiffness, damping, force: 400, range: [low - home - MARGIN, high - home + MARGIN] }
}
