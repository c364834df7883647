import type { ServoModel } from './servo-model.js'
import { BROADCAST } from './servo-protocol.js'

/** One joint of an arm, and the servo that moves it. */
export interface ServoJoint {
  /** The joint's name, for messages. */
  readonly name: string
  readonly id: number
  /** Counts of the servo's position at the joint's angle 0. Default: the middle of the turn. */
  readonly zero?: number
  /** 1: the counts grow with the joint's angle. -1: they fall. Default 1. */
  readonly sign?: 1 | -1
  /** The servo's homing offset at which `zero` holds. A servo with another one is refused. Left out: any. */
  readonly homingOffset?: number | undefined
}

/** Angles of a joint in rad from counts of its servo, and back. */
export class JointScale {
  readonly #zero: number
  readonly #scale: number
  readonly #turn: number

  constructor({ zero, sign = 1 }: ServoJoint, { turn }: ServoModel) {
    this.#zero = zero ?? turn / 2
    this.#scale = (sign * 2 * Math.PI) / turn
    this.#turn = turn
  }

  /** 1 or -1: the sign of velocities and loads. */
  get sign(): number {
    return Math.sign(this.#scale)
  }

  angle(counts: number): number {
    return (counts - this.#zero) * this.#scale
  }

  /** The nearest counts that the servo can go to within one turn. */
  counts(angle: number): number {
    return Math.min(this.#turn - 1, Math.max(0, Math.round(this.#zero + angle / this.#scale)))
  }
}

/** Throws TypeError unless there are joints, each with a name and an id of its own. */
export function checkJoints(joints: readonly ServoJoint[]): void {
  if (joints.length === 0) throw new TypeError('servo bus: "joints" is empty; name at least one')
  for (const [index, { id, name }] of joints.entries()) {
    if (!(Number.isInteger(id) && id >= 0 && id < BROADCAST - 1))
      throw new TypeError(`servo bus: the id of joint "${name}" must be 0 to 252, got ${id}`)
    const other = joints.slice(0, index).find(one => one.id === id || one.name === name)
    if (other !== undefined)
      throw new TypeError(
        other.id === id
          ? `servo bus: the joints "${other.name}" and "${name}" have the same id ${id}`
          : `servo bus: two joints have the name "${name}"`,
      )
  }
}
