import type { GroupMotion, GroupRows } from './action-kind.js'
import { compose } from './compose-poses.js'

const COLUMNS = 4
const DX = 0
const DY = 1
const DZ = 2
const DYAW = 3

/**
 * Offsets dx, dy, dz (m) and dyaw (rad) in the frame of the tool at the chunk's stamp. They are linear between rows and
 * grow from 0 at the stamp.
 */
export class YawMotion implements GroupMotion {
  readonly #origin = new Float64Array(7)
  /** The offset between two rows, as a pose: qx and qy stay 0. */
  readonly #between = new Float64Array(7)
  #data = new Float32Array(0)

  load({ data, count, columns, first, origin, originAt }: GroupRows): void {
    if (this.#data.length !== count * COLUMNS) this.#data = new Float32Array(count * COLUMNS)
    for (let row = 0; row < count; row++)
      for (let i = 0; i < COLUMNS; i++) this.#data[row * COLUMNS + i] = data[row * columns + first + i]!
    for (let i = 0; i < 7; i++) this.#origin[i] = origin[originAt + i]!
  }

  at(later: number, w: number, _over: boolean, out: Float64Array): void {
    const between = this.#between
    between[0] = this.#offset(DX, later, w)
    between[1] = this.#offset(DY, later, w)
    between[2] = this.#offset(DZ, later, w)
    const yaw = this.#offset(DYAW, later, w)
    between[5] = Math.sin(yaw / 2)
    between[6] = Math.cos(yaw / 2)
    compose(this.#origin, between, out)
  }

  #offset(column: number, later: number, w: number): number {
    const to = this.#data[later * COLUMNS + column]!
    const from = later === 0 ? 0 : this.#data[(later - 1) * COLUMNS + column]!
    return from + (to - from) * w
  }
}
