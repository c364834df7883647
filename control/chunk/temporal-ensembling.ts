import { SECOND } from '../../fusion/stamp.js'
import type { GroupMean } from '../../policy/action/action-kind.js'
import { kindOf } from '../../policy/action/action-kinds.js'
import type { ChunkLayout } from '../../policy/action/chunk-layout.js'
import { setPointFor, type Executable, type ExecutionMode, type SetPoint } from './set-point.js'
import { Trajectory } from './trajectory.js'

/** Number of chunks that are kept. It exceeds the number that overlap where chunks of one second come at 100 Hz. */
const CAPACITY = 128

/**
 * Temporal ensembling (ACT, Zhao et al. 2023): the weighted mean of the set-points of all chunks that cover the
 * moment, as the kind of each group averages them. The weight is exp(-m * age). The age of a chunk is the time between its stamp and that of the newest chunk,
 * in rows of the newest. With m = 0 all chunks weigh the same; with a larger m older chunks are forgotten sooner. (ACT
 * itself counts the age from the oldest chunk.)
 */
export class TemporalEnsembling implements ExecutionMode {
  readonly #m: number
  /** A ring of trajectories by ascending stamp. The last `#count` up to `#newest` are in use. */
  readonly #ring: readonly Trajectory[]
  #newest = -1
  #count = 0
  readonly #one: SetPoint
  readonly #means: readonly GroupMean[]

  constructor(layout: ChunkLayout, m: number) {
    this.#m = m
    this.#ring = Array.from({ length: CAPACITY }, () => new Trajectory(layout))
    this.#one = setPointFor(layout)
    this.#means = layout.placed.map(({ group }) => kindOf(group).mean(group))
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
    const means = this.#means
    let total = 0
    for (let i = 0; i < means.length; i++) means[i]!.clear()
    for (let back = this.#count - 1; back >= 0; back--) {
      const trajectory = this.#at(back)
      if (t > trajectory.end) continue
      const weight = Math.exp(((-this.#m * (newest.stamp - trajectory.stamp)) / SECOND) * newest.rate)
      trajectory.at(t, one)
      for (let i = 0; i < means.length; i++) means[i]!.add(one.groups[i]!, weight)
      total += weight
    }
    for (let i = 0; i < means.length; i++) means[i]!.write(out.groups[i]!, total)
    out.exhausted = false
    return true
  }

  /** The chunk that came `back` chunks before the newest. */
  #at(back: number): Trajectory {
    return this.#ring[(this.#newest - back + CAPACITY) % CAPACITY]!
  }
}
