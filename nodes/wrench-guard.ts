import type { Limits } from '../fusion/robot/robot.js'
import { TaredVector } from './tared-vector.js'

export type ContactState = 'free' | 'contact' | 'over_force'

/**
 * Watches every wrench sample, not the tick. `contact` and `over_force` hold while the tared |force| is at or above the robot file's
 * limits; `over_force` is kept until the force has stayed below the contact limit for `release` ns. Allocates nothing per sample.
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
    this.state = 'free'
    this.force = this.peak = 0
    this.#quietSince = -1
  }

  /** Takes f64[6]; returns true when this sample raised `over_force`. Samples with a NaN are no reading of the force and are left out. */
  sample(stamp: number, wrench: Float64Array): boolean {
    for (let i = 0; i < 6; i++) if (!Number.isFinite(wrench[i])) return false
    if (!this.#tared.take(stamp, wrench)) return false
    const { values } = this.#tared
    const force = Math.sqrt(values[0] * values[0] + values[1] * values[1] + values[2] * values[2])
    this.force = force
    if (force > this.peak) this.peak = force
    if (force >= this.#limits.overForce) {
      this.#quietSince = -1
      const raised = this.state !== 'over_force'
      this.state = 'over_force'
      if (raised) this.trips++
      return raised
    }
    const touching = force >= this.#limits.contact
    if (this.state === 'over_force') {
      if (touching) this.#quietSince = -1
      else if (this.#quietSince < 0) this.#quietSince = stamp
      else if (stamp - this.#quietSince >= this.#release) this.state = 'free'
    } else {
      this.state = touching ? 'contact' : 'free'
    }
    return false
  }
}
