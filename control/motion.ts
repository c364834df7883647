/** What one actuator does, as the controller moves it: by set-points, 100 times a second. Times in ns. */
export interface Motion {
  /** Whether its state is known and fresh at `now`, so that it may be moved. */
  known(now: number): boolean
  /** Whether what moves it reports a fault: then nothing moves. Left out: it reports none. */
  readonly isFaulty?: boolean
  /** Whether it still comes to rest: after an over-force it goes back, and what moves is braked. */
  readonly goesBack: boolean
  /** Steps that were shortened because the tool would have left its limits. */
  readonly clips: number
  /** 0 to 1: the share of the limits of velocity that steps may use, from the next step on. */
  scale: number
  /** An episode begins at `now`. Nothing is sent before the next step. */
  begin(now: number): void
  /** The set-point ends. Nothing is sent before the next step, unless it is still moving. */
  leave(): void
  /** From now on others may move the actuator. */
  release(): void
  /** A "resume" or a new episode: a fault whose cause is gone may be forgotten. */
  recover?(): void
  /** Takes a measured state, all finite. `stopped`: where there is no set-point, it is held where it is. */
  hear(state: Float64Array, stamp: number, receive: number, options: { readonly stopped: boolean }): void
  /** One step toward `desired`. The next `publish` sends it. */
  step(desired: Float64Array, now: number): void
  /** During an over-force: one step away from the obstacle, at most to `desired`. Left out: it rests. */
  rise?(desired: Float64Array, now: number): void
  /** It is held: the next step begins from rest. */
  rest(now: number): void
  /** Comes to rest, within its limits. With `overForce` as `freeze`. */
  halt(now: number, options: { readonly overForce: boolean }): void
  /** It ends to push at once: after an over-force. */
  freeze(now: number): void
  /** Sends the set-point if there is one. */
  publish(now: number): void
}
