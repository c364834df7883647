import { SECOND } from '../../fusion/stamp.js'
import { CHANNELS } from '../../policy/policy.js'
import type { Executable, SetPoint } from './set-point.js'

const COLUMNS = CHANNELS.length
const DX = 0
const DY = 1
const DZ = 2
const DYAW = 3
const WIDTH = 4
const EFFORT = 5

/** One chunk as a motion in the base frame, continuous in time. Reusable: `load` replaces it. */
export class Trajectory {
  stamp = -Infinity
  /** Stamp of the last row. */
  end = -Infinity
  rate = 1
  #rows = 0
  #data = new Float32Array(0)
  readonly #origin = new Float64Array(7)

  load(chunk: Executable): void {
    const { stamp, rate, data, origin } = chunk
    if (this.#data.length !== data.length) this.#data = new Float32Array(data.length)
    this.#data.set(data)
    this.#origin.set(origin)
    this.#rows = Math.floor(data.length / COLUMNS)
    this.stamp = stamp
    this.rate = rate
    this.end = stamp + (this.#rows / rate) * SECOND
  }

  /**
   * The set-point at `t` (ns): offsets, width and effort linear between rows. Before the first row the offsets grow
   * from 0 at the stamp, width and effort are the first row's; after the last row that row is held; before the stamp it
   * is the origin.
   */
  at(t: number, out: SetPoint): void {
    const place = Math.min(this.#rows, Math.max(0, ((t - this.stamp) / SECOND) * this.rate))
    const later = Math.min(this.#rows - 1, Math.floor(place))
    const w = place - later
    this.#place(
      this.#offset(DX, later, w),
      this.#offset(DY, later, w),
      this.#offset(DZ, later, w),
      this.#offset(DYAW, later, w),
      out.pose,
    )
    out.width = this.#absolute(WIDTH, later, w)
    out.effort = this.#absolute(EFFORT, later, w)
    out.exhausted = t > this.end
  }

  #offset(column: number, later: number, w: number): number {
    const to = this.#data[later * COLUMNS + column]!
    const from = later === 0 ? 0 : this.#data[(later - 1) * COLUMNS + column]!
    return from + (to - from) * w
  }

  #absolute(column: number, later: number, w: number): number {
    const to = this.#data[later * COLUMNS + column]!
    const from = later === 0 ? to : this.#data[(later - 1) * COLUMNS + column]!
    return from + (to - from) * w
  }

  /**
   * Origin, then an offset and a turn about z in its frame: p = p0 + R(q0) d, q = q0 * (0, 0, sin(yaw / 2), cos(yaw /
   * 2)).
   */
  #place(dx: number, dy: number, dz: number, dyaw: number, pose: Float64Array): void {
    const origin = this.#origin
    const qx = origin[3]!
    const qy = origin[4]!
    const qz = origin[5]!
    const qw = origin[6]!
    // R(q) d = d + 2 u x (u x d + w d), with q = (u, w).
    const cx = qy * dz - qz * dy + qw * dx
    const cy = qz * dx - qx * dz + qw * dy
    const cz = qx * dy - qy * dx + qw * dz
    pose[0] = origin[0]! + dx + 2 * (qy * cz - qz * cy)
    pose[1] = origin[1]! + dy + 2 * (qz * cx - qx * cz)
    pose[2] = origin[2]! + dz + 2 * (qx * cy - qy * cx)
    const s = Math.sin(dyaw / 2)
    const c = Math.cos(dyaw / 2)
    pose[3] = qx * c + qy * s
    pose[4] = qy * c - qx * s
    pose[5] = qz * c + qw * s
    pose[6] = qw * c - qz * s
  }
}
