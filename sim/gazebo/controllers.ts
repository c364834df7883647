import { AXES, GRIPPER, WORKSPACE } from '../embedded/mjcf.js'

/** How a joint is driven and how far it goes, from its position at home. */
export interface Controller {
  /**
   * N/m, N·m/rad: the force is stiffness · (command - position) - damping · velocity, at most `force` (N, N·m), as the
   * cell's servos have it.
   */
  readonly stiffness: number
  readonly damping: number
  readonly force: number
  readonly range: readonly [number, number] | undefined
}

/** How far an axis goes beyond the workspace, m. */
const MARGIN = 0.05

/**
 * The fingers' controller is soft, so that a command beyond what the finger touches is a force: stiffness · (command -
 * position). In lockstep, where the position is known at each command, the gripper's own drive sets its force this way.
 */
const FINGER = { stiffness: 1000, damping: 20, force: 250 } as const

/** The controller of a joint of the cell; `home` is the joint's position there. */
export function controllerOf(joint: string, home: number): Controller {
  const axis = AXES.find(({ name }) => name === joint)
  if (axis === undefined) return { ...FINGER, range: [-home, GRIPPER.maxWidth / 2 - home] }
  const { kp: stiffness, kv: damping, name } = axis
  if (name === 'yaw') return { stiffness, damping, force: 20, range: undefined }
  const [low, high] = WORKSPACE[name]
  return { stiffness, damping, force: 400, range: [low - home - MARGIN, high - home + MARGIN] }
}
