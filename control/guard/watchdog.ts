import type { Limits } from '../../robots/robot.js'

/** A source whose silence holds the motion. */
export type Watched = keyof Limits['watchdog']

/**
 * Tells which sources are silent for longer than their limits. Times are receive times on the bus, ns. All sources are
 * watched from `start` on.
 */
export class Watchdog {
  readonly trips: Record<Watched, number> = { wrench: 0, camera: 0, policy: 0, person: 0, gripper: 0 }
  readonly #limits: Limits['watchdog']
  readonly #names: readonly Watched[]
  /**
   * When each source was last heard, in the order of the names. The numbers are changed in place, because the wrench
   * comes a thousand times per second.
   */
  readonly #last: Float64Array
  readonly #silent = new Set<Watched>()

  /** @param names the sources to watch. Default: all. */
  constructor(limits: Limits['watchdog'], names = Object.keys(limits) as readonly Watched[]) {
    this.#limits = limits
    this.#names = names
    this.#last = new Float64Array(this.#names.length)
  }

  /** Begins anew. All sources count as heard at `now`. */
  start(now: number): void {
    this.#last.fill(now)
    this.#silent.clear()
  }

  watches(name: Watched): boolean {
    return this.#names.includes(name)
  }

  heard(name: Watched, now: number): void {
    const i = this.#names.indexOf(name)
    if (i >= 0) this.#last[i] = now
  }

  /**
   * The sources that are silent for longer than their limit at `now`, in the order of the names. `counted`: those that
   * count now. Default: all.
   */
  silent(now: number, counted: readonly Watched[] = this.#names): readonly Watched[] {
    const silent = this.#names.filter((name, i) => now - this.#last[i]! > this.#limits[name] && counted.includes(name))
    for (const name of silent) if (!this.#silent.has(name)) this.trips[name]++
    this.#silent.clear()
    for (const name of silent) this.#silent.add(name)
    return silent
  }
}
