import { SteppedClock } from './stepped-clock.js'

const SECOND = 1_000_000_000
/** ns by which the time may step back before it is a jump: messages of several publishers overtake each other. */
const BACKLASH = 100_000_000
/** ns that bus time leaps ahead at a jump, at least: further than any window or gap reaches. */
const LEAP = 2 * SECOND

/** s before its first reading at which a clock's epoch lies: stamps of what was measured before are positive too. */
export const MARGIN = 3600

/**
 * The time that somebody else says (/clock), in whole ns since `epochSec` (absolute seconds, never before 0). It never
 * goes back: when the time that is said does (a bag that loops, a simulator's reset) the epoch moves, so that bus time
 * and the stamps of all that comes afterwards lie two seconds ahead, and nothing from before meets anything from after.
 */
export class SimulatedClock extends SteppedClock {
  epochSec = 0
  /** Whether it is known what time it is: from the first word on. */
  known = false
  /** Times that it went back. */
  jumps = 0

  /** It is `nanosec` ns after `sec` s. */
  hear(sec: number, nanosec: number): void {
    if (!this.known) this.epochSec = Math.max(0, sec - MARGIN)
    const stamp = (sec - this.epochSec) * SECOND + nanosec
    if (!this.known) {
      this.known = true
      return this.jumpTo(stamp)
    }
    if (stamp >= this.now()) return this.advanceTo(stamp)
    if (this.now() - stamp <= BACKLASH) return
    this.jumps++
    this.epochSec = sec - Math.ceil((this.now() + LEAP) / SECOND)
    this.jumpTo((sec - this.epochSec) * SECOND + nanosec)
  }
}
