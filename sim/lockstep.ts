import type { LocalBus } from '../middleware/local/local-bus.js'
import type { SteppedClock } from '../middleware/local/stepped-clock.js'

/** What lockstep needs of a simulated world: to be stepped up to a stamp, delivering what is due on the way in receive order. */
export interface Steppable {
  advance(until: number): Promise<void>
}

/** ns: the longest step, and so the longest that a guard's answer to a wrench can take in simulated time. */
const SLICE = 4_000_000

/**
 * Advances simulated time only once the loop has answered: before each step, all work that is due now is finished; a step ends at the next
 * timer or at the next due answer. So one seed gives one result, on any machine, as fast as it can.
 */
export async function lockstep(bus: LocalBus, clock: SteppedClock, world: Steppable, done: () => boolean): Promise<void> {
  while (!done()) {
    await bus.settle(clock.now())
    const until = Math.min(clock.now() + SLICE, clock.nextTimer(), Math.max(bus.earliestDue(), clock.now() + 1))
    await world.advance(until)
    await bus.settle(until)
    clock.advanceTo(until)
  }
}
