import { SteppedClock } from './stepped-clock.js'

const SECOND = 1_000_000_000
/** ns that the time may go back without a jump, because messages of several publishers overtake each other. */
const BACKLASH = 100_000_000
/** Least ns by which bus time moves ahead at a jump: more than any window or gap of the aligner. */
const LEAP = 2 * SECOND

/** s by which a clock's epoch lies before its first reading, so that stamps of earlier measurements are positive. */
export const MARGIN = 3600

/**
 * A clock that follows the time on /clock, in whole ns since `epochSec` (absolute seconds, at least 0). It never goes
 * back. When /clock does (a bag that loops, a simulator that was reset) the epoch moves, so that bus time and all later
 * stamps lie at least two seconds ahead. Samples from before the jump therefore never align with samples from after it.
 */
export class SimulatedClock extends SteppedClock {
  epochSec = 0
  /** Whether a time has been received. */
  known = false
  /** How often the time went back. */
  jumps = 0

  /** Takes the time of /clock: `nanosec` ns after `sec` s. */
  update(sec: number, nanosec: number): void {
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
