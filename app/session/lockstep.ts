import type { LocalBus } from '../../middleware/local/local-bus.js'
import type { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { STEP } from '../../sim/embedded/simulation.js'

/**
 * A simulated world that can be stepped up to a stamp. On the way it delivers the messages that are due, in receive
 * order.
 */
export interface Steppable {
  advance(until: number): Promise<void>
}

/** A world whose time can also pass while nothing in it moves. */
export interface Skippable {
  skip(until: number): Promise<void>
}

/** Longest step, ns. A guard's answer to a wrench takes no longer in simulated time. */
const SLICE = 4_000_000
/**
 * ns. It is longer than any message is on its way, and shorter than any limit after which a message counts as missing.
 */
const REST = 30_000_000

/**
 * Advances simulated time only after the loop has answered. Before each step all work that is due is finished, and a
 * step ends at the next timer or at the next answer that is due. So one seed gives one result on any machine.
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
 * Lets simulated time pass while nothing moves and no sensor measures, so that messages that are on their way arrive
 * and are answered. The next episode then receives nothing from the one before. Ends on a whole step of the world.
 */
export async function rest(bus: LocalBus, clock: SteppedClock, world: Skippable): Promise<void> {
  let over = false
  clock.at(STEP * Math.ceil((clock.now() + REST) / STEP), () => {
    over = true
  })
  await lockstep(bus, clock, { advance: until => world.skip(until) }, () => over)
  await bus.settle(clock.now())
}
