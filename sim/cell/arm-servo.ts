/**
 * The arm's interpolator for one axis: from set-points that arrive at any rate to a smooth reference for the stiff servo. Between arrivals
 * the goal moves on a straight line over the last interval between arrivals (at most 20 ms); the reference follows it with limited
 * speed and acceleration and never overshoots. Units: m or rad, s.
 */
export class AxisServo {
  position: number
  velocity = 0
  acceleration = 0
  readonly #maxSpeed: number
  readonly #maxAcceleration: number
  #goal: number
  #end: number
  #rate = 0
  #left = 0

  constructor({ start, maxSpeed, maxAcceleration }: { start: number; maxSpeed: number; maxAcceleration: number }) {
    this.position = this.#goal = this.#end = start
    this.#maxSpeed = maxSpeed
    this.#maxAcceleration = maxAcceleration
  }

  /** A new set-point, `interval` seconds after the one before. */
  target(value: number, interval: number): void {
    this.#end = value
    this.#left = Math.min(Math.max(interval, 0.001), 0.02)
    this.#rate = (value - this.#goal) / this.#left
  }

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
    const brake = 0.8 * this.#maxAcceleration
    const wanted = Math.sign(error) * Math.min(GAIN * distance, Math.sqrt(2 * brake * distance), this.#maxSpeed)
    const limit = this.#maxAcceleration * dt
    const change = Math.min(Math.max(wanted - this.velocity, -limit), limit)
    this.acceleration = change / dt
    this.velocity += change
    this.position += this.velocity * dt
  }
}

/** 1/s: how fast the reference closes the last millimetres. */
const GAIN = 100
