import { lateText, type MachineLateness } from './machine-lateness.js'

/** ms between two looks. */
const PERIOD = 1000
/** Looks after which overload that goes on is said again. */
const AGAIN = 30
/** Share of the observations without an inference from which on the policy does not keep up. */
export const MANY_SKIPPED = 0.1

export interface OverloadWatchOptions {
  readonly lateness: Pick<MachineLateness, 'ms' | 'overloaded'>
  /** So far: observations, and those that found the policy busy. */
  readonly counts: () => { readonly observations: number; readonly skipped: number }
  readonly tell: (line: string) => void
}

/**
 * Says while a loop runs that its machine does not keep up, and what that costs: once, and again while it lasts every
 * half minute.
 */
export class OverloadWatch {
  readonly #options: OverloadWatchOptions
  readonly #timer: NodeJS.Timeout
  #before: ReturnType<OverloadWatchOptions['counts']>
  #quiet = 0

  constructor(options: OverloadWatchOptions) {
    this.#options = options
    this.#before = options.counts()
    this.#timer = setInterval(() => this.look(), PERIOD)
    this.#timer.unref()
  }

  look(): void {
    const { lateness, counts, tell } = this.#options
    const now = counts()
    const observations = now.observations - this.#before.observations
    const skipped = now.skipped - this.#before.skipped
    this.#before = now
    const share = observations > 0 ? skipped / observations : 0
    if (this.#quiet > 0) this.#quiet--
    if (this.#quiet > 0 || (!lateness.overloaded && share <= MANY_SKIPPED)) return
    this.#quiet = AGAIN
    tell(
      `overload: ${lateText(lateness.ms)}; ${(share * 100).toFixed(0)} % of the last second's ` +
        'observations got no inference: close other programs, or use --lockstep',
    )
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
