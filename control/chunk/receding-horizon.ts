import { SECOND } from '../../fusion/stamp.js'
import type { ChunkLayout } from '../../policy/action/chunk-layout.js'
import type { Executable, ExecutionMode, SetPoint } from './set-point.js'
import { Trajectory } from './trajectory.js'

/** Follows one chunk at a time: its first rows, then the newest chunk there is. By default a chunk replaces the one before it at once. */
export class RecedingHorizon implements ExecutionMode {
  readonly #newest: Trajectory
  readonly #rows: number
  #empty = true

  /** `rows` of a chunk are followed before the next one counts (the action horizon of Diffusion Policy; LeRobot's n_action_steps). */
  constructor(layout: ChunkLayout, rows = 1) {
    this.#newest = new Trajectory(layout)
    this.#rows = rows
  }

  push(chunk: Executable): void {
    const { stamp, rate } = this.#newest
    // Stamps of ticks are uneven: a chunk that comes up to half a row early is in time.
    const until = stamp + ((this.#rows - 0.5) / rate) * SECOND
    if (!this.#empty && this.#rows > 1 && chunk.stamp > stamp && chunk.stamp < until) return
    this.#newest.load(chunk)
    this.#empty = false
  }

  clear(): void {
    this.#empty = true
  }

  sample(t: number, out: SetPoint): boolean {
    if (!this.#empty) this.#newest.at(t, out)
    return !this.#empty
  }
}
