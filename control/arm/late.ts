/** ns after a beginning in which what was on its way then may still come. */
export const LATE = 300_000_000

/**
 * Whether what is stamped `stamp` was made before `begun` and comes late, at `receive` (bus times, ns). A sender whose
 * clock is behind is thus not shut out for good.
 */
export function isLate(stamp: number, receive: number, begun: number): boolean {
  return stamp < begun && receive - begun < LATE
}
