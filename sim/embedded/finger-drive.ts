import type { FingerPlant, FingerTarget } from '../firmware/finger-plant.js'
import { GRIPPER, TIMESTEP_S } from './mjcf.js'

/**
 * The drive's velocity loop on each finger (N·s/m, N/m: proportional and integral) and the position loop around it
 * (1/s), all on the opening.
 */
const PROPORTIONAL = 40
const INTEGRAL = 4000
const POSITION_GAIN = 40
/** Before anything is commanded: m/s, N. */
const REST: { readonly speed: number; readonly force: number } = { speed: 0.1, force: 20 }

/**
 * The drive of the two coupled fingers: a position loop, a speed limit, and a velocity loop whose force saturates at
 * the commanded one, so that stalled fingers squeeze with just that force on each side. Like a worm drive it keeps its
 * grip when it is told to stay.
 */
export class FingerDrive implements FingerPlant {
  /** Opening (m), its rate (m/s) and the squeeze on one side (N), as of the last step. */
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

  /** The fingers open, nothing commanded. */
  reset(): void {
    this.opening = this.#target = GRIPPER.maxWidth
    this.rate = this.squeeze = this.#integral = 0
    this.#speed = REST.speed
    this.#force = REST.force
  }

  /** Force on each finger's joint for the next step (N), opening positive. */
  drive(): number {
    const wanted = clamp(POSITION_GAIN * (this.#target - this.opening), this.#speed)
    const error = wanted - this.rate
    this.#integral = clamp(this.#integral + INTEGRAL * error * TIMESTEP_S, this.#force)
    return clamp(PROPORTIONAL * error + this.#integral, this.#force)
  }
}

const clamp = (value: number, limit: number): number => Math.min(Math.max(value, -limit), limit)
