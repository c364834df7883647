import type { Limits } from '../../robots/robot.js'

export type Watched = keyof Limits['watchdog']

/** Knows who has gone quiet. Times are bus receive times in ns; a source is watched from `start` on. */
export class Watchdog {
  readonly trips: Record<Watched, number> = { wrench: 0, camera: 0, policy: 0, gripper: 0 }
  readonly #limits: Limits['watchdog']
  readonly #names: readonly Watched[]
  /**
   * When each was last heard, in the order of the names; numbers in place, since the wrench speaks a thousand times a
   * second.
   */
  readonly #last: Float64Array
  readonly #quiet = new Set<Watched>()

  constructor(limits: Limits['watchdog']) {
    this.#limits = limits
    this.#names = Object.keys(limits) as Watched[]
    this.#last = new Float64Array(this.#names.length)
  }

  /** Begins anew: everybody counts as having spoken at `now`. */
  start(now: number): void {
    this.#last.fill(now)
    this.#quiet.clear()
  }

  heard(name: Watched, now: number): void {
    this.#last[this.#names.indexOf(name)] = now
  }

  /** Those silent for longer than their limit at `now`, in the limits' order; empty when all is well. */
  quiet(now: number): readonly Watched[] {
    const quiet = this.#names.filter((name, i) => now - this.#last[i]! > this.#limits[name])
    for (const name of quiet) if (!this.#quiet.has(name)) this.trips[name]++
    this.#quiet.clear()
    for (const name of quiet) this.#quiet.add(name)
    return quiet
  }
}
