/** A ROS time. */
export interface RosTime {
  sec: number
  nanosec: number
}

const SECOND = 1_000_000_000

/** Whole ns since `epochSec`: exact within 104 days of it. A time of zero (a source that writes no stamps) stays 0. */
export function stampOf(sec: number, nanosec: number, epochSec: number): number {
  return sec === 0 && nanosec === 0 ? 0 : (sec - epochSec) * SECOND + nanosec
}

export function timeOf(stamp: number, epochSec: number): RosTime {
  const whole = Math.floor(stamp / SECOND)
  return { sec: epochSec + whole, nanosec: stamp - whole * SECOND }
}
