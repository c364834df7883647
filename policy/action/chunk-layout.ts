import type { ActionGroup, Channel, GroupRows } from './action-kind.js'
import { groupFault, kindOf } from './action-kinds.js'

/** A group and its place in a chunk. */
export interface PlacedGroup {
  readonly group: ActionGroup
  /** The group's first column. */
  readonly first: number
  /** Where the group's origin begins among the origins of all groups. */
  readonly originAt: number
  /** The values of a set-point of the group. */
  readonly values: readonly Channel[]
}

/** The columns of a row of an action chunk, by groups. */
export class ChunkLayout {
  readonly placed: readonly PlacedGroup[]
  /** All columns in order. */
  readonly columns: readonly Channel[]
  /** Number of values of all origins. */
  readonly originSize: number

  readonly groups: readonly ActionGroup[]

  /** Throws RangeError where `groupFault` has one for a group. */
  constructor(groups: readonly ActionGroup[]) {
    this.groups = groups
    const columns: Channel[] = []
    let originSize = 0
    this.placed = groups.map(group => {
      const fault = groupFault(group)
      if (fault !== undefined) throw new RangeError(fault)
      const kind = kindOf(group)
      const placed = { group, first: columns.length, originAt: originSize, values: kind.values(group) }
      columns.push(...kind.columns(group))
      originSize += kind.originSize(group)
      return placed
    })
    this.columns = columns
    this.originSize = originSize
  }

  /** The rows of one group in a chunk with this layout. */
  rowsOf({ first, originAt }: PlacedGroup, data: Float32Array, origin: Float64Array): GroupRows {
    const columns = this.columns.length
    return { data, count: Math.floor(data.length / columns), columns, first, origin, originAt }
  }
}
