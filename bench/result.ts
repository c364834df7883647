/** One line of `prehend bench`: a figure, and the same figure of a peer from the same run. */
export interface BenchResult {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The name of the peer. Its figure is null where the peer is not on this machine. */
  readonly peer: string
  readonly peerValue: number | null
  readonly ratio: number | null
}

export function result(name: string, value: number, unit: string, peer: string, peerValue: number | null): BenchResult {
  return { name, value, unit, peer, peerValue, ratio: peerValue === null || peerValue === 0 ? null : value / peerValue }
}
