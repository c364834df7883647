export interface Spread {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Nearest-rank percentiles; all 0 when there are no values. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) return { p50: 0, p99: 0, max: 0 }
  const sorted = Float64Array.from(values).sort()
  const rank = (p: number): number => sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)]!
  return { p50: rank(0.5), p99: rank(0.99), max: sorted[sorted.length - 1]! }
}

/** Wilson's score interval for a rate at 95 % (E. B. Wilson, JASA 22, 1927): [low, high]. */
export function wilson95(successes: number, trials: number): [number, number] {
  if (trials === 0) return [0, 1]
  const z = 1.959963984540054
  const p = successes / trials
  const centre = p + (z * z) / (2 * trials)
  const half = z * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials))
  const scale = 1 + (z * z) / trials
  return [successes === 0 ? 0 : (centre - half) / scale, successes === trials ? 1 : (centre + half) / scale]
}
