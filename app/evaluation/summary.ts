import type { EpisodeResult } from '../session/episodes.js'
import { spread, wilson95, type Spread } from '../measure/percentiles.js'

/** Successes of trials, with Wilson's interval at 95 %. */
export interface Rate {
  readonly rate: number
  readonly wilson95: readonly [number, number]
}

/**
 * Rates and figures over the episodes of a benchmark. `byObject` has a rate for each object that was meant in the end,
 * and `(stop)` for episodes that a stop ends.
 */
export interface Summary extends Rate {
  readonly episodes: number
  readonly successes: number
  readonly byObject: Readonly<Record<string, { readonly episodes: number; readonly successes: number }>>
  readonly failures: Readonly<Record<string, number>>
  /** Episodes in which another object than the one meant was lifted. */
  readonly wrongObject: Rate & { readonly episodes: number }
  /** Episodes whose object is fragile, and those of them in which it was crushed. */
  readonly fragile: Rate & { readonly episodes: number; readonly crushed: number }
  /** Episodes that end with "stop", and those of them in which something still moved. */
  readonly stops: Rate & { readonly episodes: number; readonly moved: number }
  /** Episodes in which a correction names another object than the command did. */
  readonly corrections: Rate & { readonly episodes: number; readonly successes: number }
  /** Largest force on the object that was meant, over the won grasps, N. */
  readonly peakForce: Spread
  /** Time from the command to the end of a won grasp, s. */
  readonly secondsToSuccess: Spread
}

/** `hits` of `trials`; a rate of 0 where there are none. */
export const rateOf = (hits: number, trials: number): Rate => ({
  rate: trials === 0 ? 0 : hits / trials,
  wilson95: wilson95(hits, trials),
})

export function summarise(results: readonly EpisodeResult[]): Summary {
  const byObject = new Map<string, { episodes: number; successes: number }>()
  const failures = new Map<string, number>()
  for (const { target, success, reason } of results) {
    const name = target ?? '(stop)'
    const entry = byObject.get(name) ?? { episodes: 0, successes: 0 }
    byObject.set(name, entry)
    entry.episodes++
    if (success) entry.successes++
    else failures.set(reason ?? 'unknown', (failures.get(reason ?? 'unknown') ?? 0) + 1)
  }
  const count = (of: (result: EpisodeResult) => boolean): number => results.filter(of).length
  const successes = count(r => r.success)
  const fragile = count(r => r.fragile)
  const crushed = count(r => r.fragile && r.reason === 'crushed')
  const stops = count(r => r.target === undefined)
  const moved = count(r => r.target === undefined && r.reason === 'moved_after_stop')
  const wrong = failures.get('wrong_object') ?? 0
  const corrected = results.filter(r => r.correction !== undefined && r.target !== undefined)
  const corrections = corrected.filter(r => r.success).length
  const grasps = results.filter(r => r.success && r.target !== undefined)
  return {
    episodes: results.length,
    successes,
    ...rateOf(successes, results.length),
    byObject: Object.fromEntries(byObject),
    failures: Object.fromEntries(failures),
    wrongObject: { episodes: wrong, ...rateOf(wrong, results.length) },
    fragile: { episodes: fragile, crushed, ...rateOf(crushed, fragile) },
    stops: { episodes: stops, moved, ...rateOf(moved, stops) },
    corrections: { episodes: corrected.length, successes: corrections, ...rateOf(corrections, corrected.length) },
    peakForce: spread(grasps.map(r => r.peakForce)),
    secondsToSuccess: spread(grasps.map(r => r.seconds)),
  }
}
