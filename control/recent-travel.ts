/** Number of commands that are kept: at 100 Hz those of the time for which a state is fresh, and some more. */
const CAPACITY = 16

/**
 * How far velocities have led since a moment, as far as they were followed: from a measured state to the present one.
 * Times in ns. Allocates nothing per command.
 */
export class RecentTravel {
  readonly #size: number
  /** A ring of commands, and when each began to act. */
  readonly #commands: Float64Array
  readonly #times = new Float64Array(CAPACITY).fill(NaN)
  #newest = 0

  /** `size`: number of velocities. */
  constructor(size: number) {
    this.#size = size
    this.#commands = new Float64Array(CAPACITY * size)
  }

  /** A command acts from `now` on. */
  add(command: Float64Array, now: number): void {
    this.#newest = (this.#newest + 1) % CAPACITY
    this.#times[this.#newest] = now
    this.#commands.set(command, this.#newest * this.#size)
  }

  /** The way of value `i` in the last `age` ns before `now`. */
  over(i: number, age: number, now: number): number {
    const since = now - age
    let travel = 0
    let until = now
    for (let back = 0; back < CAPACITY && until > since; back++) {
      const at = (this.#newest - back + CAPACITY) % CAPACITY
      const from = Math.max(since, this.#times[at]!)
      // A ring that is not full, or a clock that went back.
      if (!(from <= until)) break
      travel += this.#commands[at * this.#size + i]! * (until - from)
      until = from
    }
    return travel / 1e9
  }
}
