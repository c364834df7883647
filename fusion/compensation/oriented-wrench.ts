import { interpolatePose } from '../interpolation.js'
import type { VectorRing } from '../vector-ring.js'
import type { Compensation } from './compensation.js'
import { PayloadCompensation } from './payload-compensation.js'

/**
 * Compensates wrenches by the orientation that the tool had at the time of each. This is the one way from a sensor's
 * wrench to the tool's, for the aligner and for the guard alike. Allocates nothing per sample.
 *
 * The orientation comes from the poses that are known: by slerp between the two around the stamp; where there is none on
 * one side, the nearest on the other. Where no pose lies within `maxAge` of the stamp, there is no orientation.
 */
export class OrientedWrench {
  readonly #poses: VectorRing
  readonly #payload: PayloadCompensation
  readonly #maxAge: number
  readonly #a = new Float64Array(7)
  readonly #b = new Float64Array(7)
  readonly #pose = new Float64Array(7)

  /** @param poses the poses (x, y, z, qx, qy, qz, qw) by stamp, which the owner of the ring inserts. */
  constructor(compensation: Compensation, poses: VectorRing) {
    this.#poses = poses
    this.#payload = new PayloadCompensation(compensation)
    this.#maxAge = compensation.maxAge
  }

  /** Stamp of the newest pose (ns); -Infinity while there is none. */
  get newest(): number {
    return this.#poses.newest
  }

  /**
   * Writes the compensated wrench to `out`. Returns false, and leaves `out`, where the orientation at `stamp` (ns) is
   * not known. See `PayloadCompensation.apply`.
   */
  apply(stamp: number, wrench: ArrayLike<number>, out: Float64Array): boolean {
    const pose = this.#poseAt(stamp)
    if (pose === undefined) return false
    this.#payload.apply(wrench, pose, 3, out)
    return true
  }

  #poseAt(stamp: number): Float64Array | undefined {
    const poses = this.#poses
    const next = poses.after(stamp)
    const before = next > 0 ? stamp - poses.stampAt(next - 1) : Infinity
    const behind = next < poses.size ? poses.stampAt(next) - stamp : Infinity
    if (Math.min(before, behind) > this.#maxAge) return undefined
    if (behind === Infinity || before === 0) return poses.copyAt(next - 1, this.#a)
    if (before === Infinity) return poses.copyAt(next, this.#b)
    const a = poses.copyAt(next - 1, this.#a)
    return interpolatePose(a, poses.copyAt(next, this.#b), before / (before + behind), this.#pose)
  }
}
