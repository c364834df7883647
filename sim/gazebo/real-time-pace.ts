import { setTimeout as pause } from 'node:timers/promises'

/** ms by which the simulated time may be ahead of real time. */
const AHEAD = 2

/** Keeps simulated time from running faster than real time. */
export class RealTimePace {
  /** Time at which the simulated time so far was due, counted from when it last fell behind; ms. */
  #due = performance.now()

  /** Waits after a step that began at `began` (ms) and simulated `stepped` ns, while it is too far ahead. */
  async keep(began: number, stepped: number): Promise<void> {
    this.#due = Math.max(this.#due, began) + stepped / 1e6
    const ahead = this.#due - performance.now()
    if (ahead > AHEAD) await pause(ahead)
  }
}
