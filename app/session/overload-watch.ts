import { lateText, type MachineLateness } from './machine-lateness.js'

/** ms between two checks. */
const PERIOD = 1000
/** Number of checks after which an overload that lasts is reported again. */
const REPEAT_AFTER = 30
/** Share of observations without an inference above which the policy is too slow. */
export const MANY_SKIPPED = 0.1

export interface OverloadWatchOptions {
  readonly lateness: Pick<MachineLateness, 'ms' | 'overloaded'>
  /** Number of observations so far, and of those that were skipped because the policy was busy. */
  readonly counts: () => { readonly observations: number; readonly skipped: number }
  readonly tell: (line: string) => void
}

/**
 * Reports while a loop runs that its machine does not keep up, and how many observations that costs. While the overload
 * lasts, it reports every half minute.
 */
export class OverloadWatch {
  readonly #options: OverloadWatchOptions
  readonly #timer: NodeJS.Timeout
  #before: ReturnType<OverloadWatchOptions['counts']>
  #untilRepeat = 0

  constructor(options: OverloadWatchOptions) {
    this.#options = options
    this.#before = options.counts()
    this.#timer = setInterval(() => this.check(), PERIOD)
    this.#timer.unref()
  }

  check(): void {
    const { lateness, counts, tell } = this.#options
    const now = counts()
    const observations = now.observations - this.#before.observations
    const skipped = now.skipped - this.#before.skipped
    this.#before = now
    const share = observations > 0 ? skipped / observations : 0
    if (this.#untilRepeat > 0) this.#untilRepeat--
    if (this.#untilRepeat > 0 || (!lateness.overloaded && share <= MANY_SKIPPED)) return
    this.#untilRepeat = REPEAT_AFTER
    tell(
      `overload: ${lateText(lateness.ms)}; ${(share * 100).toFixed(0)} % of the last second's ` +
        'observations got no inference: close other programs, or use --lockstep',
    )
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
