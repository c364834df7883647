/** Limits a command that acts for as long as it is sent: velocities, efforts, a twist. Times in ns. Allocates nothing. */
export interface RateLimiter {
  /** What is sent. All 0: nothing acts. */
  readonly command: Float64Array
  /** 0 to 1: the share of the limits of velocity that a step may use. */
  scale: number
  /** Steps that were shortened because the tool would have left its limits. */
  readonly clips: number
  /** Takes a measured state, all finite. */
  hear(state: Float64Array, stamp: number): void
  /** One step of the command toward `desired`; undefined: toward 0. `age`: of the newest state, ns. */
  step(desired: Float64Array | undefined, now: number, age: number): void
  /** The command is 0 at once. */
  cut(): void
}
