import { interpolatePose } from '../../fusion/interpolation.js'
import type { ActionGroup, GroupMean, GroupMotion, GroupRows } from './action-kind.js'
import { compose, turnInPlace } from './compose-poses.js'
import { QuaternionMean } from './quaternion-mean.js'
import type { RotationForm } from './rotations.js'

const SIZE = 7
const COLUMNS_OF_POSITION = 3

/**
 * Poses with any rotation. Between rows the position is linear and the rotation goes along the shorter arc at a constant
 * rate (slerp).
 */
export class PoseMotion implements GroupMotion {
  readonly #group: ActionGroup
  readonly #rotation: RotationForm
  readonly #origin = new Float64Array(SIZE)
  /** A pose or an offset of a pose for each row. */
  #rows: readonly Float64Array[] = []
  readonly #start = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
  readonly #between = new Float64Array(SIZE)

  constructor(group: ActionGroup, rotation: RotationForm) {
    this.#group = group
    this.#rotation = rotation
  }

  load({ data, count, columns, first, origin, originAt }: GroupRows): void {
    if (this.#rows.length !== count) this.#rows = Array.from({ length: count }, () => new Float64Array(SIZE))
    this.#rows.forEach((row, i) => {
      const from = i * columns + first
      for (let k = 0; k < COLUMNS_OF_POSITION; k++) row[k] = data[from + k]!
      this.#rotation.decode(data, from + COLUMNS_OF_POSITION, row, COLUMNS_OF_POSITION)
    })
    if (this.#group.counts === 'offset') for (let i = 0; i < SIZE; i++) this.#origin[i] = origin[originAt + i]!
  }

  at(later: number, w: number, _over: boolean, out: Float64Array): void {
    const { counts, frame } = this.#group
    const to = this.#rows[later]!
    const from = later > 0 ? this.#rows[later - 1]! : counts === 'offset' ? this.#start : to
    if (counts !== 'offset') interpolatePose(from, to, w, out)
    else if (frame === 'tool') compose(this.#origin, interpolatePose(from, to, w, this.#between), out)
    else turnInPlace(this.#origin, interpolatePose(from, to, w, this.#between), out)
  }
}

/** The weighted mean of poses: of the positions, and of the rotations as `QuaternionMean` has it. */
export class PoseMean implements GroupMean {
  #x = 0
  #y = 0
  #z = 0
  readonly #rotation = new QuaternionMean()

  clear(): void {
    this.#x = this.#y = this.#z = 0
    this.#rotation.clear()
  }

  add(pose: Float64Array, weight: number): void {
    this.#x += weight * pose[0]!
    this.#y += weight * pose[1]!
    this.#z += weight * pose[2]!
    this.#rotation.add(pose, 3, weight)
  }

  write(out: Float64Array, total: number): void {
    out[0] = this.#x / total
    out[1] = this.#y / total
    out[2] = this.#z / total
    this.#rotation.write(out, 3)
  }
}
