/**
 * One line of `prehend bench`: what was measured, and the same by a peer in the same run. Larger is better where
 * `ratio` is value / peerValue.
 */
export interface BenchResult {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What it is compared with; the peer's figure is null where the peer is not on this machine. */
  readonly peer: string
  readonly peerValue: number | null
  readonly ratio: number | null
}

export function result(name: string, value: number, unit: string, peer: string, peerValue: number | null): BenchResult {
  return { name, value, unit, peer, peerValue, ratio: peerValue === null || peerValue === 0 ? null : value / peerValue }
}
