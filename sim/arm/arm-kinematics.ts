import { View } from '../embedded/mujoco.js'
import type { MainModule } from '../embedded/mujoco.js'
import { LinkKinematics } from './link-kinematics.js'

export interface ArmKinematicsOptions {
  /** MJCF text of the arm. Its other joints stay where the model has them. */
  readonly xml: string
  /** Names of the hinges and slides, in the order of `joints` in all calls. Each has one degree of freedom. */
  readonly joints: readonly string[]
  /** Name of the site that is the tool frame. */
  readonly site: string
}

/**
 * Forward kinematics and Jacobian of an arm, by MuJoCo. Joint positions in rad or m, lengths in m, all in the world frame
 * of the model. The results of `set` stay valid until the next one. Allocates nothing after its construction.
 */
export class ArmKinematics extends LinkKinematics {
  /**
   * 6 x count, row-major: velocity of the tool (m/s, three rows) and its angular velocity (rad/s, three rows), both in
   * the world frame, for each joint's velocity.
   */
  readonly jacobian: Float64Array
  /** Least and largest position of each joint; infinite where it has no limit. */
  readonly low: Float64Array
  readonly high: Float64Array
  readonly #translation: InstanceType<MainModule['DoubleBuffer']>
  readonly #turning: InstanceType<MainModule['DoubleBuffer']>
  /** Degrees of freedom of the whole model. */
  readonly #freedoms: number
  readonly #views: { readonly translation: View; readonly turning: View }

  /** Throws SimError KINEMATICS_NAME when the model lacks a joint or the site. */
  constructor(mj: MainModule, { xml, joints, site }: ArmKinematicsOptions) {
    super(mj, { xml, joints, tip: site })
    // MuJoCo's WebAssembly does not give jnt_limited. A joint without a limit has the range [0, 0].
    const end = (id: number, side: 0 | 1): number => {
      const range = this.model.jnt_range as Float64Array
      return range[2 * id] === range[2 * id + 1] ? (side === 0 ? -Infinity : Infinity) : range[2 * id + side]!
    }
    this.low = Float64Array.from(this.at, ({ id }) => end(id, 0))
    this.high = Float64Array.from(this.at, ({ id }) => end(id, 1))
    this.jacobian = new Float64Array(6 * this.count)
    this.#freedoms = this.model.nv
    const translation = (this.#translation = new mj.DoubleBuffer(3 * this.model.nv))
    const turning = (this.#turning = new mj.DoubleBuffer(3 * this.model.nv))
    this.#views = {
      translation: new View(() => translation.GetView() as Float64Array),
      turning: new View(() => turning.GetView() as Float64Array),
    }
  }

  /** Computes position, rotation and Jacobian for the joints' positions. */
  override set(joints: ArrayLike<number>): void {
    super.set(joints)
    const { mj, model, data, tip } = this
    mj.mj_comPos(model, data)
    if (tip.isSite) mj.mj_jacSite(model, data, this.#translation, this.#turning, tip.id)
    else mj.mj_jacBody(model, data, this.#translation, this.#turning, tip.id)
    const moves = this.#views.translation.array
    const turns = this.#views.turning.array
    for (let row = 0; row < 3; row++) {
      for (let i = 0; i < this.count; i++) {
        const from = row * this.#freedoms + this.at[i]!.dof
        this.jacobian[row * this.count + i] = moves[from]!
        this.jacobian[(row + 3) * this.count + i] = turns[from]!
      }
    }
  }

  /** Frees MuJoCo's memory. */
  override close(): void {
    this.#translation.delete()
    this.#turning.delete()
    super.close()
  }
}
