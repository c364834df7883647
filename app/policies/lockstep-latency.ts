/**
 * ns that an inference counts as taking where wall time does not count: in lockstep, and in the replay of a recording
 * that does not say which features its chunks are from. `head`: of a head; its encoder counts as any other graph.
 */
export const LOCKSTEP_LATENCY = { graph: 12_000_000, head: 2_000_000 } as const
