/** What lies between a goal in a register and the shaft. */
export interface ServoMotionOptions {
  /** ns from the request to the first change of the motor's set-point. Default 0. */
  readonly latency?: number
  /** rad by which the shaft can move while the motor stands still. Default 0. */
  readonly backlash?: number
}

/** Goals that can be on their way at the same time. */
const MOST_GOALS = 16

/**
 * Moves a set-point to the goal with a limited velocity and acceleration, with the latency of the servo's control loop
 * and the backlash of its gears. Angles in rad. Nothing is allocated after construction.
 */
export class ServoMotion {
  /** rad/s and rad/s^2 of the motion. */
  velocityLimit = Infinity
  accelerationLimit = Infinity
  readonly #latency: number
  readonly #play: number
  readonly #goals = new Float64Array(MOST_GOALS)
  readonly #due = new Float64Array(MOST_GOALS)
  #first = 0
  #count = 0
  #goal = 0
  #setPoint = 0
  #velocity = 0
  #shaft = 0

  constructor({ latency = 0, backlash = 0 }: ServoMotionOptions = {}) {
    this.#latency = latency
    this.#play = backlash / 2
  }

  /** What the shaft is to follow. */
  get target(): number {
    return this.#shaft
  }

  /** Whether the set-point is still on its way to the goal. */
  get moving(): boolean {
    return this.#setPoint !== this.#goal
  }

  /** Stands still at `position`: goals that are on their way are dropped. */
  hold(position: number): void {
    this.#count = 0
    this.#goal = this.#setPoint = this.#shaft = position
    this.#velocity = 0
  }

  /** Sets the goal, which counts from `timeNs` and the latency on. */
  go(goal: number, timeNs: number): void {
    if (this.#count === MOST_GOALS) this.#take()
    const at = (this.#first + this.#count++) % MOST_GOALS
    this.#goals[at] = goal
    this.#due[at] = timeNs + this.#latency
  }

  /** Advances to `timeNs`, by `dt` s. */
  step(timeNs: number, dt: number): void {
    while (this.#count > 0 && this.#due[this.#first]! <= timeNs) this.#take()
    this.#advance(dt)
    const above = this.#setPoint - this.#play
    const below = this.#setPoint + this.#play
    this.#shaft = Math.min(below, Math.max(above, this.#shaft))
  }

  #take(): void {
    this.#goal = this.#goals[this.#first]!
    this.#first = (this.#first + 1) % MOST_GOALS
    this.#count--
  }

  #advance(dt: number): void {
    const way = this.#goal - this.#setPoint
    const most = this.velocityLimit
    const gain = this.accelerationLimit * dt
    // The largest speed from which the set-point can still stop at the goal.
    const stopping =
      this.accelerationLimit === Infinity ? Infinity : Math.sqrt(2 * this.accelerationLimit * Math.abs(way))
    const wanted = Math.sign(way) * Math.min(most, stopping, Math.abs(way) / dt)
    this.#velocity += Math.min(gain, Math.max(-gain, wanted - this.#velocity))
    const step = this.#velocity * dt
    if (Math.abs(step - way) <= 1e-9 || (Math.abs(way) < Math.abs(step) && Math.sign(way) === Math.sign(step))) {
      this.#setPoint = this.#goal
      this.#velocity = 0
    } else this.#setPoint += step
  }
}
