/**
 * The motor, gears and joint that the firmware of one servo moves. Angles are in rad, positive as the plant defines it.
 * All methods are called on every step, so they allocate nothing.
 */
export interface ServoPlant {
  /** Angle of the output shaft, where the encoder is. It does not wrap. */
  position(): number
  /** rad/s. */
  velocity(): number
  /** Torque of the motor at the shaft, as a share of the stall torque: -1 to 1. */
  load(): number
  /** Moves the shaft to `goal` with at most `limit` (0 to 1) of the stall torque. */
  drive(goal: number, limit: number): void
  /** Takes the torque away. */
  release(): void
}
