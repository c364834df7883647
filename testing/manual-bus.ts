import { LocalBus, type LocalBusOptions } from '../middleware/local/local-bus.js'
import { SteppedClock } from '../middleware/local/stepped-clock.js'

/** A bus of one process whose time moves only when a test says so. */
export class ManualBus extends LocalBus {
  readonly #clock: SteppedClock

  /** @param start ns since the run's epoch at which time begins. */
  constructor(start = 0, options: LocalBusOptions = {}) {
    const clock = new SteppedClock(start)
    super(clock, options)
    this.#clock = clock
  }

  /**
   * Moves time on by `ns`. Timers that are due on the way run in order, each at its own stamp, and work that nodes have
   * announced (`Bus.work`) is waited for before time passes its due stamp. Throws RangeError for a time that goes back.
   */
  async advance(ns: number): Promise<void> {
    if (!(ns >= 0)) throw new RangeError(`advance: expected 0 ns or more, got ${ns}`)
    const end = this.#clock.now() + ns
    while (this.#clock.nextTimer() <= end) {
      const next = Math.max(this.#clock.nextTimer(), this.#clock.now())
      await this.settle(next)
      this.#clock.advanceTo(next)
    }
    await this.settle(end)
    this.#clock.advanceTo(end)
  }
}
