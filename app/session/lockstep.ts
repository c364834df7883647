import type { LocalBus } from '../../middleware/local/local-bus.js'
import type { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { STEP } from '../../sim/embedded/simulation.js'

/**
 * What lockstep needs of a simulated world: to be stepped up to a stamp, delivering what is due on the way in receive
 * order.
 */
export interface Steppable {
  advance(until: number): Promise<void>
}

/** A world whose time can also pass while it stands still. */
export interface Skippable {
  skip(until: number): Promise<void>
}

/** ns: the longest step, and so the longest that a guard's answer to a wrench can take in simulated time. */
const SLICE = 4_000_000
/**
 * ns: longer than any sample and any answer is on its way, shorter than anybody waits for one before he counts it as
 * missing.
 */
const REST = 30_000_000

/**
 * Advances simulated time only once the loop has answered: before each step, all work that is due now is finished; a
 * step ends at the next timer or at the next due answer. So one seed gives one result, on any machine, as fast as it
 * can.
 */
export async function lockstep(
  bus: LocalBus,
  clock: SteppedClock,
  world: Steppable,
  done: () => boolean,
): Promise<void> {
  while (!done()) {
    await bus.settle(clock.now())
    const until = Math.min(clock.now() + SLICE, clock.nextTimer(), Math.max(bus.earliestDue(), clock.now() + 1))
    await world.advance(until)
    await bus.settle(until)
    clock.advanceTo(until)
  }
}

/**
 * Lets simulated time pass while the world stands still and nothing is sensed, so that all that is on its way arrives
 * and is answered: what begins then has nothing of what was before. Ends on a whole step of the world.
 */
export async function rest(bus: LocalBus, clock: SteppedClock, world: Skippable): Promise<void> {
  let over = false
  clock.at(STEP * Math.ceil((clock.now() + REST) / STEP), () => {
    over = true
  })
  await lockstep(bus, clock, { advance: until => world.skip(until) }, () => over)
  await bus.settle(clock.now())
}
