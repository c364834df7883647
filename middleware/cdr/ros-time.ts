/** A ROS time. */
export interface RosTime {
  sec: number
  nanosec: number
}

export const SECOND = 1_000_000_000

/**
 * Whole ns since `epochSec`, before it or after. A time of zero (the source writes no stamps) gives 0. A time more than
 * 2^53 ns (104 days) from the epoch cannot be exact and gives -Infinity or Infinity; see `farOf`.
 */
export function stampOf(sec: number, nanosec: number, epochSec: number): number {
  if (sec === 0 && nanosec === 0) return 0
  const stamp = (sec - epochSec) * SECOND + nanosec
  return Number.isSafeInteger(stamp) ? stamp : stamp < 0 ? -Infinity : Infinity
}

/** The ROS time of a stamp that `stampOf` gave as infinite; undefined for every other stamp. */
export function farOf(stamp: number, sec: number, nanosec: number): RosTime | undefined {
  return Number.isFinite(stamp) ? undefined : { sec, nanosec }
}

/** The ROS time of whole ns since `epochSec`. Throws a RangeError when `stamp` is not a whole number in range. */
export function timeOf(stamp: number, epochSec: number): RosTime {
  if (!Number.isSafeInteger(stamp))
    throw new RangeError(`stamp ${stamp}: expected whole nanoseconds within 104 days of the epoch ${epochSec} s`)
  const whole = Math.floor(stamp / SECOND)
  return { sec: epochSec + whole, nanosec: stamp - whole * SECOND }
}

/** The time to write into a message's header; zero for a message without a stamp. Throws a RangeError as `timeOf`. */
export function writtenTime(
  { stamp, far }: { readonly stamp: number; readonly far?: RosTime | undefined },
  epochSec: number,
): RosTime {
  return far ?? (stamp === 0 ? { sec: 0, nanosec: 0 } : timeOf(stamp, epochSec))
}
