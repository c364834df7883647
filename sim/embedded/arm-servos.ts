import { AxisServo } from './arm-servo.js'
import { AXES, HOME, TIMESTEP_S, WORKSPACE } from './mjcf.js'

/**
 * Interpolators of the arm's four axes (x, y, z, yaw), between the tool's set-points and the stiff servo of each axis.
 */
export class ArmServos {
  #servos: readonly AxisServo[] = []

  constructor() {
    this.reset()
  }

  /** Sets the arm to its home position, at rest. */
  reset(): void {
    this.#servos = [...HOME, 0].map(
      (start, axis) =>
        new AxisServo(
          axis < 3
            ? { start, maxSpeed: 0.5, starting: 5, braking: 12 }
            : { start, maxSpeed: 3.2, starting: 30, braking: 80 },
        ),
    )
  }

  /** Moves the arm to its home position at the highest speed. */
  home(): void {
    for (const [axis, position] of [...HOME, 0].entries()) this.#servos[axis]?.target(position, 0)
  }

  /**
   * Takes a set-point for the tool (x, y, z, qx, qy, qz, qw) that came `interval` s after the last one. It is clamped
   * to the workspace. Only the yaw of the rotation is used.
   */
  target(pose: ArrayLike<number>, interval: number): void {
    const [x = 0, y = 0, z = 0] = [pose[0], pose[1], pose[2]]
    const yaw = toolYaw(pose)
    if (!Number.isFinite(x + y + z + yaw)) return
    const servo = (
      axis: number,
      value: number,
      [low, high]: readonly [number, number] | readonly number[] = [-Infinity, Infinity],
    ): void => this.#servos[axis]?.target(Math.min(Math.max(value, low ?? -Infinity), high ?? Infinity), interval)
    servo(0, x, WORKSPACE.x)
    servo(1, y, WORKSPACE.y)
    servo(2, z, WORKSPACE.z)
    const now = this.#servos[3]?.position ?? 0
    servo(3, now + wrap(yaw - now))
  }

  /**
   * Moves on by one physics step. Writes the command for each axis's position servo (m, rad) into `commands`, with its
   * feed-forward.
   */
  step(commands: Float64Array): void {
    for (let axis = 0; axis < AXES.length; axis++) {
      const servo = this.#servos[axis]
      const gains = AXES[axis]
      if (servo === undefined || gains === undefined) continue
      servo.step(TIMESTEP_S)
      commands[axis] = servo.position + (gains.kv * servo.velocity + gains.inertia * servo.acceleration) / gains.kp
    }
  }
}

/**
 * Yaw of a tool pose about the tool's own z. The tool points down with the rotation Rx(pi)·Rz(yaw), which is the
 * quaternion (cos yaw/2, -sin yaw/2, 0, 0).
 */
export function toolYaw(pose: ArrayLike<number>): number {
  const [qx = 0, qy = 0, qz = 0, qw = 0] = [pose[3], pose[4], pose[5], pose[6]]
  // The tool's x axis in the base frame is (cos yaw, -sin yaw, 0).
  return Math.atan2(-2 * (qx * qy + qw * qz), 1 - 2 * (qy * qy + qz * qz))
}

/** The angle in [-pi, pi). */
export const wrap = (angle: number): number => angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI))
