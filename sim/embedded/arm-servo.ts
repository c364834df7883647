/**
 * Interpolator of one axis of the arm. It turns set-points, which arrive at any rate, into a smooth reference for the
 * stiff servo. The goal moves in a straight line to the newest set-point, over the last interval between set-points (at
 * most 20 ms). The reference follows the goal with limited speed and acceleration (lower when it starts than when it
 * brakes) and never overshoots. Units: m or rad, s.
 */
export class AxisServo {
  position: number
  velocity = 0
  acceleration = 0
  readonly #maxSpeed: number
  readonly #starting: number
  readonly #braking: number
  #goal: number
  #end: number
  #rate = 0
  #left = 0

  constructor({
    start,
    maxSpeed,
    starting,
    braking,
  }: { start: number; maxSpeed: number; starting: number; braking: number }) {
    this.position = this.#goal = this.#end = start
    this.#maxSpeed = maxSpeed
    this.#starting = starting
    this.#braking = braking
  }

  /** Takes a set-point that came `interval` s after the one before. */
  target(value: number, interval: number): void {
    this.#end = value
    this.#left = Math.min(Math.max(interval, 0.001), 0.02)
    this.#rate = (value - this.#goal) / this.#left
  }

  /** Moves the reference on by `dt` s. */
  step(dt: number): void {
    if (this.#left > dt) {
      this.#left -= dt
      this.#goal += this.#rate * dt
    } else {
      this.#left = 0
      this.#goal = this.#end
    }
    const error = this.#goal - this.position
    const distance = Math.abs(error)
    const wanted =
      Math.sign(error) * Math.min(POSITION_GAIN * distance, Math.sqrt(1.6 * this.#braking * distance), this.#maxSpeed)
    const push = VELOCITY_GAIN * (wanted - this.velocity)
    const limit = push * this.velocity < 0 ? this.#braking : this.#starting
    const change = Math.min(Math.max(push, -limit), limit) * dt
    this.acceleration = change / dt
    this.velocity += change
    this.position += this.velocity * dt
  }
}

/**
 * Gains of position and of velocity, 1/s. VELOCITY_GAIN = 4 * POSITION_GAIN makes the reference critically damped.
 */
const POSITION_GAIN = 80
const VELOCITY_GAIN = 320
