import { compile, View } from '../embedded/mujoco.js'
import type { MainModule, MjData, MjModel } from '../embedded/mujoco.js'
import { SimError } from '../sim-error.js'

/** A joint at `at` + the sum of `coefficients[k]` (q - `from`)^k. q: the position of its leader (rad or m), or `from`. */
export interface FollowingJoint {
  readonly joint: string
  readonly leader: string | undefined
  readonly coefficients: readonly number[]
  readonly at: number
  readonly from: number
}

export interface LinkKinematicsOptions {
  /** MJCF or URDF text of the arm. Its other joints stay where the model has them. */
  readonly xml: string
  /** Names of the hinges and slides, in the order of `joints` in all calls. Each has one degree of freedom. */
  readonly joints: readonly string[]
  /** The joints that follow others, each behind its leader. Default: none. */
  readonly followers?: readonly FollowingJoint[]
  /** Name of the body, or where there is none of that name of the site, that is the tool frame. */
  readonly tip: string
  /** Name of the body whose frame is the base frame. Default: the world. */
  readonly base?: string
}

/**
 * Where the tool of an arm is, by MuJoCo. Joint positions in rad or m, lengths in m, all in the base frame. The results
 * of `set` stay valid until the next one. Allocates nothing after its construction.
 */
export class LinkKinematics {
  /** Position of the tool, m. */
  readonly position = new Float64Array(3)
  /** Rotation from the tool's frame to the base frame: 3 x 3, row-major. */
  readonly rotation = new Float64Array(9)
  /** Number of joints. */
  readonly count: number
  protected readonly mj: MainModule
  protected readonly model: MjModel
  protected readonly data: MjData
  /** The joints in MuJoCo's arrays. */
  protected readonly at: readonly { readonly id: number; readonly qpos: number; readonly dof: number }[]
  /** The joints that follow, with their places in `qpos`. */
  readonly #followers: readonly (FollowingJoint & { readonly own: number; readonly lead: number | undefined })[]
  /** The tool's number among the bodies or the sites. */
  protected readonly tip: { readonly id: number; readonly isSite: boolean }
  readonly #base: number
  readonly #views: Readonly<Record<'qpos' | 'place' | 'turn' | 'basePlace' | 'baseTurn', View>>

  /** Throws SimError KINEMATICS_NAME when the model lacks a joint, the tool or the base. */
  constructor(mj: MainModule, { xml, joints, followers = [], tip, base = 'world' }: LinkKinematicsOptions) {
    this.mj = mj
    const { model, data } = compile(mj, xml)
    this.model = model
    this.data = data
    const { mjOBJ_JOINT, mjOBJ_BODY, mjOBJ_SITE } = mj.mjtObj
    const find = (kind: 'joint' | 'body' | 'site', name: string): number => {
      const type = { joint: mjOBJ_JOINT, body: mjOBJ_BODY, site: mjOBJ_SITE }[kind]
      return mj.mj_name2id(model, type.value, name)
    }
    const found = (kind: 'joint' | 'body' | 'site', name: string): number => {
      const id = find(kind, name)
      if (id >= 0) return id
      this.#free()
      throw new SimError(
        'KINEMATICS_NAME',
        `${kind} "${name}": the model has none of that name; name one of its <${kind}> elements`,
      )
    }
    const { jnt_qposadr: qposAt, jnt_dofadr: dofAt } = model as { jnt_qposadr: Int32Array; jnt_dofadr: Int32Array }
    this.at = joints.map(name => {
      const id = found('joint', name)
      return { id, qpos: qposAt[id]!, dof: dofAt[id]! }
    })
    this.#followers = followers.map(follower => ({
      ...follower,
      own: qposAt[found('joint', follower.joint)]!,
      lead: follower.leader === undefined ? undefined : qposAt[found('joint', follower.leader)]!,
    }))
    this.count = joints.length
    const isSite = find('body', tip) < 0
    this.tip = { id: isSite ? found('site', tip) : find('body', tip), isSite }
    this.#base = found('body', base)
    this.#views = {
      qpos: new View(() => data.qpos as Float64Array),
      place: new View(() => (isSite ? data.site_xpos : data.xpos) as Float64Array),
      turn: new View(() => (isSite ? data.site_xmat : data.xmat) as Float64Array),
      basePlace: new View(() => data.xpos as Float64Array),
      baseTurn: new View(() => data.xmat as Float64Array),
    }
  }

  /** Computes position and rotation for the joints' positions. */
  set(joints: ArrayLike<number>): void {
    const { qpos, place, turn, basePlace, baseTurn } = this.#views
    const angles = qpos.array
    for (let i = 0; i < this.count; i++) angles[this.at[i]!.qpos] = joints[i] ?? 0
    for (const { own, lead, coefficients, at, from } of this.#followers) {
      const q = lead === undefined ? 0 : angles[lead]! - from
      let sum = 0
      for (let k = coefficients.length - 1; k >= 0; k--) sum = sum * q + coefficients[k]!
      angles[own] = at + sum
    }
    this.mj.mj_kinematics(this.model, this.data)
    const places = place.array
    const turns = turn.array
    const bases = basePlace.array
    const baseTurns = baseTurn.array
    const tool = this.tip.id
    const base = this.#base
    // R is the rotation of the base in the world: position = Rᵀ (p - b), rotation = Rᵀ T.
    for (let row = 0; row < 3; row++) {
      let sum = 0
      for (let k = 0; k < 3; k++)
        sum += baseTurns[9 * base + 3 * k + row]! * (places[3 * tool + k]! - bases[3 * base + k]!)
      this.position[row] = sum
      for (let column = 0; column < 3; column++) {
        let turned = 0
        for (let k = 0; k < 3; k++) turned += baseTurns[9 * base + 3 * k + row]! * turns[9 * tool + 3 * k + column]!
        this.rotation[3 * row + column] = turned
      }
    }
  }

  /** Frees MuJoCo's memory. */
  close(): void {
    this.#free()
  }

  #free(): void {
    this.data.delete()
    this.model.delete()
  }
}
