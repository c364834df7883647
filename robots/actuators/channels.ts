/** The kinds of channels that a policy's action chunk has: docs/decisions/0007-what-a-policy-commands.md. */
export type ChannelKind = 'joint_position' | 'joint_velocity' | 'joint_effort' | 'pose' | 'twist' | 'gripper' | 'scalar'

/**
 * One kind of channels that an actuator takes. `names` are the joints in order, or the channels of a gripper (`width` in
 * m, `opening` from 0 to 1, `effort` in N); empty for a pose, a twist and a scalar.
 */
export interface Taken {
  readonly kind: ChannelKind
  readonly names: readonly string[]
  /** Of a pose: `yaw` where the tool keeps its tilt, `any` where it may take every rotation. */
  readonly rotation?: 'yaw' | 'any'
  /** Of a twist: the frame in which it is. Of a pose: that of the measured poses, where the robot file says it. */
  readonly frame?: string
}
