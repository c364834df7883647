/** Net contact forces on one object, N. */
export interface ObjectContacts {
  left: number
  right: number
  palm: number
  table: number
}

/** The state of a world for sensors and judge, whichever simulator computes it. The arrays are reused in each step. */
export interface WorldState {
  /** x, y, z, qx, qy, qz, qw of the TCP in the base frame. */
  readonly tool: Float64Array
  /** Speed of the TCP, m/s, and of its yaw, rad/s. */
  readonly toolSpeed: number
  readonly yawRate: number
  /**
   * Load on the wrist sensor in its own frame (z points out of the gripper): fx, fy, fz (N), tx, ty, tz (N·m). At rest
   * it is the gripper's weight.
   */
  readonly wrench: Float64Array
  /** For each object, in the order of the episode: x, y, z, qx, qy, qz, qw of its frame. */
  readonly objects: Float64Array
  readonly contacts: readonly ObjectContacts[]
  /** Force between gripper and table, N. */
  readonly gripperTable: number
  /** Opening of the fingers (m) and its rate (m/s). */
  readonly fingers: { readonly opening: number; readonly rate: number }
}
