import type { FingerPlant, FingerTarget } from '../firmware/finger-plant.js'
import { GRIPPER, TIMESTEP_S } from './mjcf.js'

/**
 * Gains of the drive, all on the opening: the velocity loop of each finger (proportional in N·s/m, integral in N/m) and
 * the position loop around it (1/s).
 */
const PROPORTIONAL = 40
const INTEGRAL = 4000
const POSITION_GAIN = 40
/** Speed (m/s) and force (N) before the first command. */
const REST: { readonly speed: number; readonly force: number } = { speed: 0.1, force: 20 }

/**
 * The drive of the two coupled fingers: a position loop, a speed limit, and a velocity loop. The force of the velocity
 * loop saturates at the commanded force, so blocked fingers squeeze with exactly this force on each side. On `hold` it
 * keeps its grip, like a worm drive.
 */
export class FingerDrive implements FingerPlant {
  /** Opening (m), its rate (m/s) and the force on one side (N) after the last step. */
  opening: number = GRIPPER.maxWidth
  rate = 0
  squeeze = 0
  #target: number = GRIPPER.maxWidth
  #speed = REST.speed
  #force = REST.force
  #integral = 0

  width(): number {
    return this.opening
  }

  velocity(): number {
    return this.rate
  }

  force(): number {
    return this.squeeze
  }

  command(target: FingerTarget | 'hold'): void {
    if (target === 'hold') {
      this.#target = this.opening
      return
    }
    this.#target = Math.min(Math.max(target.width, 0), GRIPPER.maxWidth)
    this.#speed = Math.max(target.speed, 0.001)
    this.#force = Math.max(target.force, 0)
    if ((this.#target - this.opening) * this.#integral < 0) this.#integral = 0
  }

  /** Opens the fingers and forgets the command. */
  reset(): void {
    this.opening = this.#target = GRIPPER.maxWidth
    this.rate = this.squeeze = this.#integral = 0
    this.#speed = REST.speed
    this.#force = REST.force
  }

  /** Force on each finger's joint for the next step, N; opening is positive. */
  drive(): number {
    const wanted = clamp(POSITION_GAIN * (this.#target - this.opening), this.#speed)
    const error = wanted - this.rate
    this.#integral = clamp(this.#integral + INTEGRAL * error * TIMESTEP_S, this.#force)
    return clamp(PROPORTIONAL * error + this.#integral, this.#force)
  }
}

const clamp = (value: number, limit: number): number => Math.min(Math.max(value, -limit), limit)
