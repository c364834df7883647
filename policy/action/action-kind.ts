import type { z } from 'zod'

/**
 * Columns of an action chunk that belong together: what one actuator is told. `kind` is a key of ACTION_KINDS. The other
 * fields are those that the kind declares. All numbers of a chunk are in SI units.
 */
export interface ActionGroup {
  /** The actuator of the robot file that takes it. */
  readonly name: string
  readonly kind: string
  /** `offset`: the values count from where the actuator was at the chunk's stamp. Default: `absolute`. */
  readonly counts?: 'absolute' | 'offset'
  /** The names of the joints, in the order of the columns. */
  readonly joints?: readonly string[]
  /** Those of `joints` that turn without an end: angles that differ by a whole turn are the same. */
  readonly continuous?: readonly string[]
  /** How a rotation is written: a key of ROTATIONS. */
  readonly rotation?: string
  /** The frame in which the values are. `tool`: the frame of the tool at the chunk's stamp. */
  readonly frame?: string
  /** The columns, where the kind has several to choose from. */
  readonly channels?: readonly string[]
  /** The SI unit of a scalar, or of joints. Default for joints: that of joints that turn. */
  readonly unit?: string
}

/** A column of a chunk, or a value of a set-point. */
export interface Channel {
  readonly name: string
  /** SI; empty: a number without a unit. */
  readonly unit: string
}

/** The rows of one group in a chunk. */
export interface GroupRows {
  /** The whole chunk, row-major. */
  readonly data: Float32Array
  /** Number of rows. */
  readonly count: number
  /** Number of columns of the whole chunk. */
  readonly columns: number
  /** The group's first column. */
  readonly first: number
  /** The origins of all groups that count from one, after each other. */
  readonly origin: Float64Array
  /** Where the group's own origin begins. */
  readonly originAt: number
}

/** The continuous motion that the rows of one group describe. `load` replaces it. */
export interface GroupMotion {
  /** Takes a copy of the rows. They are usable. */
  load(rows: GroupRows): void
  /**
   * Writes the set-point to `out`. The moment lies at the share `w` (0 to 1) between row `later - 1` and row `later`;
   * before row 0 there is the origin. `over`: the last row has passed. Allocates nothing.
   */
  at(later: number, w: number, over: boolean, out: Float64Array): void
}

/** A weighted mean of set-points of one group. Allocates nothing after construction. */
export interface GroupMean {
  clear(): void
  add(values: Float64Array, weight: number): void
  /** Writes the mean of what was added. `total`: the sum of the weights. */
  write(out: Float64Array, total: number): void
}

/**
 * What a kind of action declares of itself. Everything that reads chunks asks the kinds and knows none of them by name:
 * the contract of a policy, execution, limits, the message and the data sets.
 */
export interface ActionKind {
  /** The fields of a group beside `name` and `kind`, as a zod shape. */
  readonly fields: z.ZodRawShape
  /** What is wrong with a group whose fields are each right. */
  fault?(group: ActionGroup): string | undefined
  /** The columns of a row, in order. */
  columns(group: ActionGroup): readonly Channel[]
  /** The values of a set-point, in order. They may be fewer or more than the columns: a rotation becomes a quaternion. */
  values(group: ActionGroup): readonly Channel[]
  /** Number of values of the origin from which the rows count; 0: they are absolute. */
  originSize(group: ActionGroup): number
  /** Whether every row can be carried out. All numbers are finite. */
  isUsable(group: ActionGroup, rows: GroupRows): boolean
  motion(group: ActionGroup): GroupMotion
  mean(group: ActionGroup): GroupMean
  /** For people: what a policy commands with it. */
  describe(group: ActionGroup): string
}
