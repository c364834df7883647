import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { ChunkLayout } from '../action/chunk-layout.js'
import { actionGroups, mixedOffsets, type GroupSpec } from '../contract/group-spec.js'
import { ChunkOrigin } from './chunk-origin.js'

/**
 * Makes absolute the offsets of groups in which other joints are absolute: to each of their columns it adds where the
 * joint was at the observation. NaN where that is missing, so that the chunk is not carried out.
 */
export class MixedOffsets {
  readonly #origin: ChunkOrigin
  /** The columns of the offsets, in the order of their origins. */
  readonly #columns: readonly number[]
  readonly #width: number

  constructor(robot: Robot, groups: readonly GroupSpec[]) {
    const { placed, columns } = new ChunkLayout(actionGroups(groups))
    this.#origin = new ChunkOrigin(robot, mixedOffsets(groups))
    this.#width = columns.length
    this.#columns = groups.flatMap(({ joints = [], absolute }, i) =>
      absolute === undefined
        ? []
        : joints.flatMap((joint, at) => (absolute.includes(joint) ? [] : [placed[i]!.first + at])),
    )
  }

  /** Adds the positions of the joints to the rows of a chunk, in place. */
  addTo(data: Float32Array, observation: Observation): void {
    if (this.#columns.length === 0) return
    const origin = this.#origin.of(observation)
    for (let row = 0; row < data.length; row += this.#width)
      this.#columns.forEach((column, i) => {
        data[row + column]! += origin[i]!
      })
  }
}
