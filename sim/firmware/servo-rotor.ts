import type { ServoPlant } from './servo-plant.js'

/** Speed without a load (rad/s) and acceleration at the stall torque (rad/s^2). */
const FREE_SPEED = 5
const STALL_ACCELERATION = 100
/** Torque, as a share of the stall torque, for each rad and for each rad/s of error. */
const STIFFNESS = 10
const DAMPING = 0.4

/** A joint with inertia and a motor: the torque falls with the speed, as with a direct-current motor. */
export class ServoRotor implements ServoPlant {
  /** Torque that pushes on the joint from outside, as a share of the stall torque. */
  push = 0
  /** True: the joint is jammed. */
  jammed = false
  #position: number
  #velocity = 0
  #load = 0
  #goal = 0
  /** -1: released. */
  #limit = -1

  constructor(position = 0) {
    this.#position = position
  }

  position(): number {
    return this.#position
  }

  velocity(): number {
    return this.#velocity
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

  /** Advances by `dt` s. */
  step(dt: number): void {
    const wanted = STIFFNESS * (this.#goal - this.#position) - DAMPING * this.#velocity
    this.#load = this.#limit < 0 ? 0 : Math.min(this.#limit, Math.max(-this.#limit, wanted))
    const gained = dt * STALL_ACCELERATION * (this.#load + this.push)
    this.#velocity = this.jammed ? 0 : (this.#velocity + gained) / (1 + (dt * STALL_ACCELERATION) / FREE_SPEED)
    this.#position += this.#velocity * dt
  }
}
