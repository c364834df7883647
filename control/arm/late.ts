/** ns after a beginning during which messages from before it may still arrive. */
export const LATE = 300_000_000

/**
 * Whether a message with `stamp` was made before `begun` and arrives late, at `receive` (bus times, ns). The limit in
 * time keeps a sender whose clock is behind from being refused for ever.
 */
export function isLate(stamp: number, receive: number, begun: number): boolean {
  return stamp < begun && receive - begun < LATE
}
