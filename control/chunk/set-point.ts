/** What the arm and the gripper are to do at one moment. Refilled in place. */
export interface SetPoint {
  /** x, y, z (m), qx, qy, qz, qw in the base frame. */
  readonly pose: Float64Array
  /** m. */
  width: number
  /** N. */
  effort: number
  /** The newest chunk's last row has passed; the set-point is that row, held. */
  exhausted: boolean
}

/** The parts of an action chunk that are executed; see ActionChunk. */
export interface Executable {
  readonly stamp: number
  readonly rate: number
  readonly data: Float32Array
  readonly origin: Float64Array
}

/** One way to make a set-point from the chunks so far. */
export interface ExecutionMode {
  /**
   * Takes a copy. A chunk whose stamp is not after the newest one's means that time has jumped back: all earlier chunks
   * are forgotten.
   */
  push(chunk: Executable): void
  clear(): void
  /** The set-point at `t` (ns), into `out`. False, and `out` untouched, while there is no chunk. Allocates nothing. */
  sample(t: number, out: SetPoint): boolean
}
