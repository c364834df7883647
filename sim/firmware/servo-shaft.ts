import { ServoMotion } from './servo-motion.js'
import type { ServoMotionOptions } from './servo-motion.js'
import type { ServoPlant } from './servo-plant.js'

/** Temperature in degC around the servo, its rise at the stall torque, and the time constant of the rise in s. */
const AMBIENT = 25
const RISE = 120
const HEATING_TIME = 300

export interface ServoShaftOptions extends ServoMotionOptions {
  readonly plant: ServoPlant
  /** Counts of the encoder at the plant's angle 0. Default: the middle of the turn. */
  readonly zero?: number
  /** 1: the counts grow with the plant's angle. -1: they fall. Default 1. */
  readonly direction?: 1 | -1
}

/** Encoder, motor and heat of an emulated servo, in counts of its encoder. Nothing is allocated after construction. */
export class ServoShaft {
  /** degC of the motor. */
  temperature = AMBIENT
  readonly #plant: ServoPlant
  readonly #motion: ServoMotion
  readonly #zero: number
  readonly #direction: 1 | -1
  /** rad of one count. */
  readonly #count: number

  /** `turn`: counts of one turn. */
  constructor({ plant, zero, direction = 1, ...motion }: ServoShaftOptions, turn: number) {
    this.#plant = plant
    this.#motion = new ServoMotion(motion)
    this.#zero = zero ?? turn / 2
    this.#direction = direction
    this.#count = (2 * Math.PI) / turn
  }

  /** Whole counts of the encoder. They do not wrap. */
  get counts(): number {
    return Math.round(this.#zero + (this.#direction * this.#plant.position()) / this.#count)
  }

  /** Counts a second. */
  get velocity(): number {
    return (this.#direction * this.#plant.velocity()) / this.#count
  }

  /** Torque of the motor, as a share of the stall torque. */
  get load(): number {
    return this.#direction * this.#plant.load()
  }

  get moving(): boolean {
    return this.#motion.moving
  }

  /** Sets the goal `way` counts from where the encoder is. */
  go(way: number, timeNs: number): void {
    this.#motion.go(this.#direction * (this.counts + way - this.#zero) * this.#count, timeNs)
  }

  /** Stands still where the plant is. */
  hold(): void {
    this.#motion.hold(this.#plant.position())
  }

  /** Takes the torque away. */
  release(): void {
    this.hold()
    this.#plant.release()
  }

  /** Moves on to `timeNs` by `dt` s, with a limited velocity (rad/s) and acceleration (rad/s^2). */
  drive(timeNs: number, dt: number, velocity: number, acceleration: number): void {
    this.#motion.velocityLimit = velocity
    this.#motion.accelerationLimit = acceleration
    this.#motion.step(timeNs, dt)
  }

  /** Gives the plant at most `limit` (0 to 1) of the stall torque. */
  apply(limit: number): void {
    this.#plant.drive(this.#motion.target, limit)
  }

  /** Heats or cools the motor for `dt` s. */
  warm(dt: number): void {
    const load = this.#plant.load()
    this.temperature += ((AMBIENT + RISE * load * load - this.temperature) * dt) / HEATING_TIME
  }
}
