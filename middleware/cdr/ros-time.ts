/** A ROS time. */
export interface RosTime {
  sec: number
  nanosec: number
}

const SECOND = 1_000_000_000

/**
 * Whole ns since `epochSec`, before it or after, always exact. A time of zero (a source that writes no stamps) is 0.
 * Beyond 2^53 ns (104 days) from the epoch no number is exact: such a time is -Infinity or Infinity, see `farOf`.
 */
export function stampOf(sec: number, nanosec: number, epochSec: number): number {
  if (sec === 0 && nanosec === 0) return 0
  const stamp = (sec - epochSec) * SECOND + nanosec
  return Number.isSafeInteger(stamp) ? stamp : stamp < 0 ? -Infinity : Infinity
}

/** The written time of a stamp that `stampOf` could not give as a number; undefined for every other. */
export function farOf(stamp: number, sec: number, nanosec: number): RosTime | undefined {
  return Number.isFinite(stamp) ? undefined : { sec, nanosec }
}

/** The time of a whole number of ns since `epochSec`. Throws RangeError for what is none. */
export function timeOf(stamp: number, epochSec: number): RosTime {
  if (!Number.isSafeInteger(stamp))
    throw new RangeError(`stamp ${stamp}: expected whole nanoseconds within 104 days of the epoch ${epochSec} s`)
  const whole = Math.floor(stamp / SECOND)
  return { sec: epochSec + whole, nanosec: stamp - whole * SECOND }
}

/** What goes into a message's header: the time of its stamp, zero where it has none. Throws RangeError as `timeOf`. */
export function writtenTime(
  { stamp, far }: { readonly stamp: number; readonly far?: RosTime | undefined },
  epochSec: number,
): RosTime {
  return far ?? (stamp === 0 ? { sec: 0, nanosec: 0 } : timeOf(stamp, epochSec))
}
