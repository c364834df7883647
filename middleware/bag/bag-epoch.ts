/** How long before the first receive time a stamp may lie and still be positive, s. */
const MARGIN = 3600

/** The zero of a bag's times: a whole second. Absolute 64-bit ns go in and out without losing one. */
export class BagEpoch {
  readonly sec: number
  readonly #low: number
  readonly #high: number

  constructor(sec: number) {
    const ns = BigInt(sec) * 1_000_000_000n
    this.sec = sec
    this.#low = Number(ns & 0xffffffffn)
    this.#high = Number(ns >> 32n)
  }

  /**
   * The epoch of a bag whose first message was received at `start` (absolute ns). It lies an hour before, so that the stamps of what was
   * measured before the first message arrived are positive too; never before 1970.
   */
  static before(start: bigint): BagEpoch {
    return new BagEpoch(Math.max(0, Number(start / 1_000_000_000n) - MARGIN))
  }

  /** Whole ns since the epoch, of an absolute time given as two unsigned 32-bit halves. */
  since(low: number, high: number): number {
    return (high - this.#high) * 4_294_967_296 + (low - this.#low)
  }

  sinceBig(ns: bigint): number {
    return Number(ns - BigInt(this.sec) * 1_000_000_000n)
  }

  absolute(stamp: number): bigint {
    return BigInt(this.sec) * 1_000_000_000n + BigInt(stamp)
  }
}
