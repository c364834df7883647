/**
 * The arm's interpolator for one axis: from set-points that arrive at any rate to a smooth reference for the stiff
 * servo. Between arrivals the goal moves on a straight line over the last interval between arrivals (at most 20 ms);
 * the reference follows it with limited speed and acceleration (softer when it starts than when it brakes) and never
 * overshoots. Units: m or rad, s.
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
 * 1/s: how fast the reference closes the last millimetres, and how fast its speed follows; together critically damped.
 */
const POSITION_GAIN = 80
const VELOCITY_GAIN = 320
