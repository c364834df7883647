import type { Compensation } from '../../fusion/compensation/compensation.js'
import { OrientedWrench } from '../../fusion/compensation/oriented-wrench.js'
import { isPose } from '../../fusion/rotation.js'
import { VectorRing } from '../../fusion/vector-ring.js'

/** Number of poses that are kept. A wrench is compared with the newest ones alone. */
const POSES = 256

/**
 * Compensates each wrench at once, for users that cannot wait for the pose after it. It is the computation of the
 * aligner with the poses that are known so far: mostly that of the newest one. A tool that turns with w (rad/s) has
 * turned by w times the age of that pose since, so the force is wrong by up to its weight times that angle. Allocates
 * nothing per sample.
 */
export class CompensatedWrench {
  /** The compensated wrench, f64[6], tool frame. Valid once `take` has returned true. */
  readonly values = new Float64Array(6)
  /** Number of wrenches without an orientation. */
  unoriented = 0
  readonly #maxAge: number
  readonly #poses = new VectorRing(7, 0, POSES)
  readonly #oriented: OrientedWrench

  constructor(compensation: Compensation) {
    this.#maxAge = compensation.maxAge
    this.#oriented = new OrientedWrench(compensation, this.#poses)
  }

  /**
   * Takes a pose (x, y, z in m, qx, qy, qz, qw), stamp in ns. A pose without a stamp or an orientation is not used. A
   * stamp far behind the newest one shows that time has jumped back: the poses before it are forgotten.
   */
  hearPose(stamp: number, pose: Float64Array): void {
    if (Number.isNaN(stamp) || !isPose(pose)) return
    if (stamp < this.#poses.newest - this.#maxAge) this.#poses.clear()
    this.#poses.insert(stamp, pose)
  }

  /** An episode begins: poses before it say nothing of the tool any more. */
  restart(): void {
    this.#poses.clear()
  }

  /** Takes a wrench, f64[6] (N, N·m, sensor frame). False where no pose lies near enough to its stamp (ns). */
  take(stamp: number, wrench: Float64Array): boolean {
    if (this.#oriented.apply(stamp, wrench, this.values)) return true
    this.unoriented++
    return false
  }
}
