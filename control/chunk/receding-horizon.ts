import type { Executable, ExecutionMode, SetPoint } from './set-point.js'
import { Trajectory } from './trajectory.js'

/** The newest chunk alone. */
export class RecedingHorizon implements ExecutionMode {
  readonly #newest = new Trajectory()
  #empty = true

  push(chunk: Executable): void {
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
