/** Moves a commanded state toward a desired one within limits. Times in ns. Allocates nothing per step. */
export interface SetPointLimiter {
  /** What is sent. */
  readonly target: Float64Array
  /** 0 to 1: the share of the limits of velocity that a step may use, from the next step on. */
  scale: number
  /** Steps that were shortened because the tool would have left its limits. */
  readonly clips: number
  /** Begins anew at `state`, where the actuator is. */
  place(state: Float64Array): void
  /** It is to rest at the target: the next step begins without a velocity. */
  stand(): void
  /** The target was sent unchanged at `now`, and it is to rest there. */
  rest(now: number): void
  /** One step toward `desired`. It ends no further from the measured state than a moving actuator lags behind. */
  step(desired: Float64Array, now: number, measured: Float64Array): void
  /** One step back to `state`, at full speed and without a limit of acceleration: away from an obstacle. */
  retreat(state: Float64Array, now: number): void
  /** Whether steps back to `state` have ended. */
  isAt(state: Float64Array): boolean
  /** Whether an actuator at `state` is held there by the target, as far as gravity bends it. */
  holds(state: Float64Array): boolean
}
