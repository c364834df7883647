import { SECOND } from '../../fusion/stamp.js'
import { QuaternionMean } from './quaternion-mean.js'
import type { Executable, ExecutionMode, SetPoint } from './set-point.js'
import { Trajectory } from './trajectory.js'

/** Chunks kept; more than overlap at any moment in a chunk of a second at 60 Hz. */
const CAPACITY = 64

/**
 * The weighted mean, in the base frame, of what all chunks that reach the moment say of it (temporal ensembling of ACT,
 * Zhao et al. 2023):
 * weight exp(-m * age), age in rows of the newest chunk between a chunk's stamp and the newest one's. m = 0 weighs all
 * alike; the larger
 * m, the sooner older chunks are forgotten. (ACT itself counts the age from the oldest chunk on.)
 */
export class TemporalEnsembling implements ExecutionMode {
  readonly #m: number
  /** A ring of which `#count` chunks end at `#newest`, by stamp. */
  readonly #ring: readonly Trajectory[] = Array.from({ length: CAPACITY }, () => new Trajectory())
  #newest = -1
  #count = 0
  readonly #one: SetPoint = { pose: new Float64Array(7), width: 0, effort: 0, exhausted: false }
  readonly #orientation = new QuaternionMean()

  constructor(m: number) {
    this.#m = m
  }

  push(chunk: Executable): void {
    if (this.#count > 0 && chunk.stamp <= this.#at(0).stamp) this.clear()
    this.#newest = (this.#newest + 1) % CAPACITY
    this.#count = Math.min(CAPACITY, this.#count + 1)
    this.#at(0).load(chunk)
    while (this.#count > 1 && this.#at(this.#count - 1).end < chunk.stamp) this.#count--
  }

  clear(): void {
    this.#count = 0
  }

  sample(t: number, out: SetPoint): boolean {
    if (this.#count === 0) return false
    const newest = this.#at(0)
    if (t > newest.end) {
      newest.at(t, out)
      return true
    }
    const one = this.#one
    let total = 0
    let width = 0
    let effort = 0
    let x = 0
    let y = 0
    let z = 0
    this.#orientation.clear()
    for (let back = this.#count - 1; back >= 0; back--) {
      const trajectory = this.#at(back)
      if (t > trajectory.end) continue
      const weight = Math.exp(((-this.#m * (newest.stamp - trajectory.stamp)) / SECOND) * newest.rate)
      trajectory.at(t, one)
      x += weight * one.pose[0]!
      y += weight * one.pose[1]!
      z += weight * one.pose[2]!
      this.#orientation.add(one.pose, 3, weight)
      width += weight * one.width
      effort += weight * one.effort
      total += weight
    }
    out.pose[0] = x / total
    out.pose[1] = y / total
    out.pose[2] = z / total
    this.#orientation.write(out.pose, 3)
    out.width = width / total
    out.effort = effort / total
    out.exhausted = false
    return true
  }

  /** The chunk that came `back` before the newest. */
  #at(back: number): Trajectory {
    return this.#ring[(this.#newest - back + CAPACITY) % CAPACITY]!
  }
}
