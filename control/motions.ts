import type { Motion } from './motion.js'

/** The motions of a robot's actuators, by the names of the robot file. What one does for a stop, all do. Times in ns. */
export class Motions {
  readonly #named: ReadonlyMap<string, Motion>
  readonly #all: readonly Motion[]

  constructor(motions: ReadonlyMap<string, Motion>) {
    this.#named = motions
    this.#all = [...motions.values()]
  }

  /** Whether the states of all are known and fresh at `now`. */
  known(now: number): boolean {
    return this.#all.every(motion => motion.known(now))
  }

  /** Whether one reports a fault. */
  get isFaulty(): boolean {
    return this.#all.some(({ isFaulty = false }) => isFaulty)
  }

  /** Faults whose cause is gone may be forgotten. */
  recover(): void {
    for (const motion of this.#all) motion.recover?.()
  }

  get goesBack(): boolean {
    return this.#all.some(motion => motion.goesBack)
  }

  /** Steps of all that were shortened because a tool would have left its limits. */
  get clips(): number {
    return this.#all.reduce((sum, { clips }) => sum + clips, 0)
  }

  set scale(scale: number) {
    for (const motion of this.#all) motion.scale = scale
  }

  begin(now: number): void {
    for (const motion of this.#all) motion.begin(now)
  }

  leave(): void {
    for (const motion of this.#all) motion.leave()
  }

  release(): void {
    this.#each(motion => motion.release())
  }

  /** Takes a measured state of one actuator, all finite. */
  hear(
    name: string,
    state: Float64Array,
    times: { readonly stamp: number; readonly receive: number; readonly stopped: boolean },
  ): void {
    this.#named.get(name)?.hear(state, times.stamp, times.receive, times)
  }

  /** One step of each actuator that is commanded. The others rest. */
  step(desired: ReadonlyMap<string, Float64Array>, now: number): void {
    for (const [name, motion] of this.#named) {
      const values = desired.get(name)
      if (values) motion.step(values, now)
      else motion.rest(now)
    }
  }

  /** During an over-force: one step away from the obstacle where an actuator has one. The others rest. */
  rise(desired: ReadonlyMap<string, Float64Array>, now: number): void {
    for (const [name, motion] of this.#named) {
      const values = desired.get(name)
      if (values && motion.rise) motion.rise(values, now)
      else motion.rest(now)
    }
  }

  rest(now: number): void {
    for (const motion of this.#all) motion.rest(now)
  }

  /** Brings all to rest, also where the set-point of one cannot be sent. Throws the first error of `send` then. */
  halt(now: number, { overForce }: { readonly overForce: boolean }): void {
    this.#each(motion => motion.halt(now, { overForce }))
  }

  freeze(now: number): void {
    this.#each(motion => motion.freeze(now))
  }

  publish(now: number): void {
    this.#each(motion => motion.publish(now))
  }

  #each(act: (motion: Motion) => void): void {
    let failed: { readonly error: unknown } | undefined
    for (const motion of this.#all) {
      try {
        act(motion)
      } catch (error) {
        failed ??= { error }
      }
    }
    if (failed) throw failed.error
  }
}
