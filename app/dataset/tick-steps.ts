import { SECOND } from '../../fusion/stamp.js'

/** Periods. A step between two ticks that is as long as this, or longer, has lost a tick. */
const LONGEST_STEP = 1.5

/** Judges the steps between the ticks of a recording by the rate of the set that it goes into. */
export class TickSteps {
  readonly #rate: number
  #shortest = Infinity

  /** `rate`: ticks a second. */
  constructor(rate: number) {
    this.#rate = rate
  }

  /** Whether no tick is lost between two stamps (ns) that follow one another. */
  isWhole(from: number, to: number): boolean {
    this.#shortest = Math.min(this.#shortest, to - from)
    return this.#isShort(to - from)
  }

  /** A line where all steps have lost a tick, so that the rate cannot be right. */
  get remark(): string | undefined {
    if (this.#shortest === Infinity || this.#isShort(this.#shortest)) return undefined
    const most = Number((SECOND / this.#shortest).toPrecision(3))
    return (
      `its ticks come ${most} times a second at most, so at ${this.#rate} frames a second each step has lost a tick, ` +
      `and no command is an action; give --rate ${Math.max(1, Math.round(most))}`
    )
  }

  #isShort(step: number): boolean {
    return step < (LONGEST_STEP * SECOND) / this.#rate
  }
}
