import type { ActionGroup } from '../../policy/action/action-kind.js'
import type { ChunkLayout } from '../../policy/action/chunk-layout.js'

/**
 * What all actuators should do at one moment: the values of each group, in the order of the layout's groups. It is
 * refilled in place.
 */
export interface SetPoint {
  readonly groups: readonly Float64Array[]
  /** The last row of the newest chunk has passed. Positions stay at that row, velocities are 0. */
  exhausted: boolean
}

/** An empty set-point for chunks of a layout. */
export function setPointFor({ placed }: ChunkLayout): SetPoint {
  return { groups: placed.map(({ values }) => new Float64Array(values.length)), exhausted: true }
}

/** The parts of an action chunk that are executed; see `ActionChunk`. */
export interface Executable {
  readonly stamp: number
  readonly rate: number
  readonly data: Float32Array
  readonly origin: Float64Array
  /** Default: those of contract version 1. */
  readonly groups?: readonly ActionGroup[]
}

/** A way to make set-points from the chunks of one layout that were received so far. */
export interface ExecutionMode {
  /**
   * Takes a copy of a chunk. Where its stamp is not after that of the newest one, time has jumped back, and all earlier
   * chunks are forgotten.
   */
  push(chunk: Executable): void
  clear(): void
  /**
   * Writes the set-point at `t` (ns) to `out`. False, with `out` unchanged, while there is no chunk. Allocates nothing.
   */
  sample(t: number, out: SetPoint): boolean
}
