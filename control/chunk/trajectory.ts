import { SECOND } from '../../fusion/stamp.js'
import type { GroupMotion } from '../../policy/action/action-kind.js'
import { kindOf } from '../../policy/action/action-kinds.js'
import type { ChunkLayout } from '../../policy/action/chunk-layout.js'
import type { Executable, SetPoint } from './set-point.js'

/** One chunk as a continuous motion of every group. `load` replaces it. */
export class Trajectory {
  stamp = -Infinity
  /** Stamp of the last row. */
  end = -Infinity
  rate = 1
  #rows = 0
  readonly #layout: ChunkLayout
  readonly #motions: readonly GroupMotion[]

  constructor(layout: ChunkLayout) {
    this.#layout = layout
    this.#motions = layout.placed.map(({ group }) => kindOf(group).motion(group))
  }

  /** Takes a copy of a usable chunk of this layout. */
  load({ stamp, rate, data, origin }: Executable): void {
    const layout = this.#layout
    this.#motions.forEach((motion, i) => motion.load(layout.rowsOf(layout.placed[i]!, data, origin)))
    this.#rows = Math.floor(data.length / layout.columns.length)
    this.stamp = stamp
    this.rate = rate
    this.end = stamp + (this.#rows / rate) * SECOND
  }

  /**
   * Writes the set-point at `t` (ns) to `out`. Between rows each group is as its kind declares. Before the first row
   * offsets grow from 0 at the stamp, and absolute values are those of the first row. After the last row positions stay
   * there. Before the stamp it is the set-point of the stamp. Allocates nothing.
   */
  at(t: number, out: SetPoint): void {
    const place = Math.min(this.#rows, Math.max(0, ((t - this.stamp) / SECOND) * this.rate))
    const later = Math.min(this.#rows - 1, Math.floor(place))
    const over = t > this.end
    for (let i = 0; i < this.#motions.length; i++) this.#motions[i]!.at(later, place - later, over, out.groups[i]!)
    out.exhausted = over
  }
}
