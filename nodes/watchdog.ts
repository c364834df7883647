import type { Limits } from '../fusion/robot/robot.js'

export type Watched = keyof Limits['watchdog']

/** Knows who has gone quiet. Times are bus receive times in ns; a source is watched from `start` on. */
export class Watchdog {
  readonly #limits: Limits['watchdog']
  readonly #last = new Map<Watched, number>()
  readonly trips: Record<Watched, number> = { wrench: 0, camera: 0, policy: 0, gripper: 0 }
  readonly #quiet = new Set<Watched>()

  constructor(limits: Limits['watchdog']) {
    this.#limits = limits
  }

  /** Begins anew: everybody counts as having spoken at `now`. */
  start(now: number): void {
    for (const name of Object.keys(this.#limits) as Watched[]) this.#last.set(name, now)
    this.#quiet.clear()
  }

  heard(name: Watched, now: number): void {
    this.#last.set(name, now)
  }

  /** Those silent for longer than their limit at `now`, in the limits' order; empty when all is well. */
  quiet(now: number): readonly Watched[] {
    const quiet: Watched[] = []
    for (const [name, last] of this.#last) {
      if (now - last > this.#limits[name]) {
        quiet.push(name)
        if (!this.#quiet.has(name)) {
          this.#quiet.add(name)
          this.trips[name]++
        }
      } else {
        this.#quiet.delete(name)
      }
    }
    return quiet
  }
}
