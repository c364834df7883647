import type { Limits } from '../../robots/robot.js'
import { VectorRing } from '../../fusion/vector-ring.js'
import { SlidingWindow } from '../../fusion/window-statistics.js'
import { TaredVector } from './tared-vector.js'

/** `contact` slows the approach; `over_force` stops it. */
export type ContactState = 'free' | 'contact' | 'over_force'

/**
 * The force is averaged over this time (ns) before it counts as contact. It is the period of the action chunks. Moving
 * a hand of mass m causes a force of m times its acceleration. The mean of this force over a period is m times the
 * change of velocity, divided by the period. It is zero for a steady motion, however much each chunk shakes the hand.
 */
const PERIOD = 33_333_333
/**
 * A force above this share of `over_force` counts as contact at once, so that an impact is not averaged away. No motion
 * within the limits of an arm causes so much force.
 */
const IMPACT = 0.5

/**
 * Judges every wrench sample, not only those of the ticks. `over_force` begins when the tared |force| reaches the robot
 * file's limit, and ends when it has stayed below the contact limit for `release` ns. `contact` holds while the mean
 * tared force of the last 33 ms has reached the contact limit, or the newest sample half of the over-force limit.
 * Allocates nothing per sample.
 */
export class WrenchGuard {
  state: ContactState = 'free'
  /** |force| of the newest sample, N. */
  force = 0
  peak = 0
  trips = 0
  readonly #limits: Pick<Limits, 'contact' | 'overForce'>
  readonly #tared: TaredVector
  readonly #release: number
  readonly #recent = new VectorRing(3, 2 * PERIOD)
  readonly #window = new SlidingWindow(this.#recent)
  #belowSince = -1

  constructor(limits: Pick<Limits, 'contact' | 'overForce'>, options: { tare: number; release: number }) {
    this.#limits = limits
    this.#tared = new TaredVector(6, options.tare)
    this.#release = options.release
  }

  /** Whether the offset is known. While it is not, the force is not known either. */
  get ready(): boolean {
    return this.#tared.known
  }

  /** A new episode: the offset and the state begin anew. */
  reset(): void {
    this.#tared.restart()
    this.#recent.clear()
    this.#window.clear()
    this.state = 'free'
    this.force = this.peak = 0
    this.#belowSince = -1
  }

  /** Takes a wrench, f64[6] (N, N·m). True when this sample raised `over_force`. A sample with a NaN is ignored. */
  sample(stamp: number, wrench: Float64Array): boolean {
    for (let i = 0; i < 6; i++) if (!Number.isFinite(wrench[i])) return false
    if (!this.#tared.take(stamp, wrench)) return false
    const { values } = this.#tared
    const force = Math.sqrt(values[0]! * values[0]! + values[1]! * values[1]! + values[2]! * values[2]!)
    this.force = force
    if (force > this.peak) this.peak = force
    const mean = this.#meanForce(stamp, values)
    if (force >= this.#limits.overForce) {
      this.#belowSince = -1
      const raised = this.state !== 'over_force'
      this.state = 'over_force'
      if (raised) this.trips++
      return raised
    }
    if (this.state === 'over_force') {
      if (force >= this.#limits.contact) this.#belowSince = -1
      else if (this.#belowSince < 0) this.#belowSince = stamp
      else if (stamp - this.#belowSince >= this.#release) this.state = 'free'
    } else {
      this.state = mean >= this.#limits.contact || force >= IMPACT * this.#limits.overForce ? 'contact' : 'free'
    }
    return false
  }

  /** The magnitude of the mean force over the last period, this sample included, N. */
  #meanForce(stamp: number, values: Float64Array): number {
    // Time has jumped back, so the average begins anew.
    if (stamp < this.#recent.newest) {
      this.#recent.clear()
      this.#window.clear()
    }
    this.#recent.insert(stamp, values)
    this.#window.move(stamp - PERIOD, stamp)
    const x = this.#window.mean(0)
    const y = this.#window.mean(1)
    const z = this.#window.mean(2)
    return Math.sqrt(x * x + y * y + z * z)
  }
}
