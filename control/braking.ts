/**
 * s. A steady delay of the states looks like a difference of the clocks, so a state may be older than its stamp tells, and
 * an actuator follows its command late. For delays up to 1/e of this (25 ms) it comes to its end without swinging.
 */
export const DELAY = 0.07
/**
 * ns. A command acts until the next one. So a late step may take off as much speed as belongs to all the time since the
 * one before, up to this; it may add as much as belongs to one step.
 */
export const LONGEST_BRAKE = 100_000_000

/** s that what has no limit of acceleration takes to stop, at most. */
const STOPPING = 0.1

/**
 * The highest speed v at which a motion still stops within `room` (rad, m): v²/2a + v·delay = room, with the acceleration
 * a (rad/s², m/s²). Undefined: it is not limited.
 */
export function speedBefore(room: number, acceleration: number | undefined): number {
  if (!(room > 0)) return 0
  if (acceleration === undefined) return room / (DELAY + STOPPING)
  return acceleration * (Math.sqrt(DELAY * DELAY + (2 * room) / acceleration) - DELAY)
}

/**
 * The velocity nearest to `wanted` that one step may go to from `before` (rad/s, m/s). `adds` and `brakes`: s for which the
 * acceleration a (rad/s², m/s²) may act away from 0 and toward it.
 */
export function nextVelocity(
  before: number,
  wanted: number,
  { acceleration, adds, brakes }: { readonly acceleration: number; readonly adds: number; readonly brakes: number },
): number {
  const speed = Math.abs(before)
  const sign = before < 0 ? -1 : 1
  const most = speed + acceleration * adds
  // What is left of the time after it has come to rest may begin the other direction.
  const left = brakes - speed / acceleration
  const least = left < 0 ? speed - acceleration * brakes : -acceleration * Math.min(adds, left)
  return sign * Math.min(most, Math.max(least, sign * wanted))
}
