import type { Limits } from '../../robots/robot.js'
import { VectorRing } from '../../fusion/vector-ring.js'
import { SlidingWindow } from '../../fusion/window-statistics.js'
import { TaredVector } from './tared-vector.js'

export type ContactState = 'free' | 'contact' | 'over_force'

/**
 * ns over which the force is averaged before it counts as contact: the period of the action chunks. A hand of mass m
 * that is moved shows m times its acceleration, whose mean over a period is m times what its velocity has changed by:
 * of a steady motion nothing, however much each chunk shakes it.
 */
const PERIOD = 33_333_333
/**
 * Share of `over_force` that is contact at once: a blow is not waited for, and no motion within the limits of an arm
 * comes near it.
 */
const BLOW = 0.5

/**
 * Watches every wrench sample, not the tick. `over_force` holds while the tared |force| is at or above the robot file's
 * limit, and until it has stayed below the contact limit for `release` ns. `contact` holds while the mean tared force
 * of the last 33 ms is at or above its limit, or the newest at half the other one. Allocates nothing per sample.
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
  #quietSince = -1

  constructor(limits: Pick<Limits, 'contact' | 'overForce'>, options: { tare: number; release: number }) {
    this.#limits = limits
    this.#tared = new TaredVector(6, options.tare)
    this.#release = options.release
  }

  /** False while the offset is being taken: the force is not known. */
  get ready(): boolean {
    return this.#tared.known
  }

  /** Forgets the offset and the state: a new episode. */
  reset(): void {
    this.#tared.restart()
    this.#recent.clear()
    this.#window.clear()
    this.state = 'free'
    this.force = this.peak = 0
    this.#quietSince = -1
  }

  /**
   * Takes f64[6]; returns true when this sample raised `over_force`. Samples with a NaN are no reading of the force and
   * are left out.
   */
  sample(stamp: number, wrench: Float64Array): boolean {
    for (let i = 0; i < 6; i++) if (!Number.isFinite(wrench[i])) return false
    if (!this.#tared.take(stamp, wrench)) return false
    const { values } = this.#tared
    const force = Math.sqrt(values[0]! * values[0]! + values[1]! * values[1]! + values[2]! * values[2]!)
    this.force = force
    if (force > this.peak) this.peak = force
    const mean = this.#meanForce(stamp, values)
    if (force >= this.#limits.overForce) {
      this.#quietSince = -1
      const raised = this.state !== 'over_force'
      this.state = 'over_force'
      if (raised) this.trips++
      return raised
    }
    if (this.state === 'over_force') {
      if (force >= this.#limits.contact) this.#quietSince = -1
      else if (this.#quietSince < 0) this.#quietSince = stamp
      else if (stamp - this.#quietSince >= this.#release) this.state = 'free'
    } else {
      this.state = mean >= this.#limits.contact || force >= BLOW * this.#limits.overForce ? 'contact' : 'free'
    }
    return false
  }

  /** N: the magnitude of the mean of the last period's samples, this one included. */
  #meanForce(stamp: number, values: Float64Array): number {
    // A jump of time back begins anew.
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
