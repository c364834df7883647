import { FusionError } from './errors.js'

/** A ROS time: `nanosec` in 0..999999999. */
export interface Time {
  sec: number
  nanosec: number
}

/** ns. */
export const SECOND = 1_000_000_000
/** ns. */
export const MILLISECOND = 1_000_000

/** A time in ns as text: `33.3333 ms`. */
export const ms = (ns: number): string => `${Number((ns / MILLISECOND).toPrecision(6))} ms`

/**
 * The epoch of a run: a whole second of absolute (ROS) time. A stamp is the number of whole nanoseconds since the
 * epoch. It is exact within 2^53 ns (104 days) of the epoch; conversions beyond that throw FusionError `STAMP_RANGE`.
 */
export class Epoch {
  readonly sec: number

  /** @param sec absolute seconds; a fraction is cut off. */
  constructor(sec: number) {
    if (!Number.isFinite(sec)) throw new FusionError('STAMP_RANGE', `epoch: expected seconds, got ${sec}`)
    this.sec = Math.floor(sec)
  }

  /** The stamp (ns) of an absolute time. Throws FusionError `STAMP_RANGE`. */
  stamp(sec: number, nanosec: number): number {
    const stamp = (sec - this.sec) * SECOND + nanosec
    if (!Number.isSafeInteger(stamp)) {
      throw new FusionError(
        'STAMP_RANGE',
        `stamp ${sec}.${String(nanosec).padStart(9, '0')}: ` +
          `expected whole nanoseconds within 104 days of the run's epoch ${this.sec} s; check the source's clock`,
      )
    }
    return stamp
  }

  /** The stamp of an absolute time in nanoseconds as a 64-bit number, such as a recording's log time. */
  stampOfNanoseconds(time: bigint): number {
    return this.stamp(Number(time / 1_000_000_000n), Number(time % 1_000_000_000n))
  }

  /** The absolute time of a stamp, written into `out` when given. */
  time(stamp: number, out: Time = { sec: 0, nanosec: 0 }): Time {
    const whole = Math.floor(stamp / SECOND)
    out.sec = this.sec + whole
    out.nanosec = stamp - whole * SECOND
    return out
  }

  /** Absolute time as 64-bit nanoseconds. */
  nanoseconds(stamp: number): bigint {
    return BigInt(this.sec) * 1_000_000_000n + BigInt(stamp)
  }

  /** The absolute time as "sec.nanosec", always with nine digits after the point. */
  format(stamp: number): string {
    const { sec, nanosec } = this.time(stamp)
    return `${sec}.${String(nanosec).padStart(9, '0')}`
  }

  /**
   * The stamp of an absolute time as "sec.nanosec", with one to nine digits after the point or without a point. Throws
   * FusionError `STAMP_TEXT`.
   */
  parse(text: string): number {
    const match = /^(\d+)(?:\.(\d{1,9}))?$/.exec(text)
    if (match === null)
      throw new FusionError('STAMP_TEXT', `stamp "${text}": expected "sec.nanosec", such as "1700000000.000000001"`)
    return this.stamp(Number(match[1]), Number((match[2] ?? '').padEnd(9, '0')))
  }
}
