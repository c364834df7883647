import type { ServoPlant } from '../firmware/servo-plant.js'
import { SERVO } from './arm.js'

const COUNT = (2 * Math.PI) / SERVO.stepsPerTurn
/** Share of the stall torque for each rad of error. */
const STIFFNESS = SERVO.stiffness / SERVO.stallTorque
/**
 * Share of the stall torque for each rad/s: the loop's derivative term. What the register D (32 as delivered) is worth is
 * not published. With this value the stretched arm comes to rest within 0.3 s of a jump of 3°, play and all.
 */
const DAMPING = 0.2

/**
 * Motor and position loop of one servo, between its firmware (the goal) and the joint in MuJoCo (the torque). The loop
 * acts on the encoder's counts at the output shaft. The torque falls with the speed, as with a direct-current motor:
 * that part is the damping of the joint in the MJCF, so it is not in `torque`. Angles in rad, as the joint counts them.
 */
export class ServoDrive implements ServoPlant {
  /** Angle of the output shaft and its rate, from the physics. */
  angle = 0
  rate = 0
  #goal = 0
  /** Share of the stall torque; -1: released. */
  #limit = -1
  #load = 0

  /** The angle that the position loop goes to. */
  get goal(): number {
    return this.#goal
  }

  position(): number {
    return this.angle
  }

  velocity(): number {
    return this.rate
  }

  load(): number {
    return this.#load
  }

  drive(goal: number, limit: number): void {
    this.#goal = goal
    this.#limit = limit
  }

  release(): void {
    this.#limit = -1
  }

  /** Torque of the motor for the next step at standstill, N·m. */
  torque(): number {
    const error = this.#goal - COUNT * Math.round(this.angle / COUNT)
    const wanted = STIFFNESS * error - DAMPING * this.rate
    this.#load = this.#limit < 0 ? 0 : Math.min(this.#limit, Math.max(-this.#limit, wanted))
    return SERVO.stallTorque * this.#load
  }
}
