import type { EpisodeResult } from '../session/episodes.js'
import type { EpisodeTrace } from './trace.js'

const MOST_LOST = 12
const MOST_WON = 3

/** Chooses the episodes that a report may show, as they end: the first of each reason, and the first won grasps. */
export class Candidates {
  readonly #taken = new Map<string, number>()

  takes({ success, reason, target }: EpisodeResult): boolean {
    if (success && target === undefined) return false
    const kind = success ? 'won' : (reason ?? 'unknown')
    const taken = this.#taken.get(kind) ?? 0
    if (taken >= (success ? MOST_WON : MOST_LOST)) return false
    this.#taken.set(kind, taken + 1)
    return true
  }
}

export interface ShownEpisode {
  readonly result: EpisodeResult
  readonly trace: EpisodeTrace
}

/**
 * The episodes that a report shows: 12 lost ones, with the first of each reason before others, and the first 3 won
 * grasps.
 */
export function shownOf(
  results: readonly EpisodeResult[],
  traces: readonly EpisodeTrace[],
): { readonly lost: ShownEpisode[]; readonly won: ShownEpisode[] } {
  const traceOf = new Map(traces.map(trace => [trace.index, trace]))
  const episodes = results.flatMap(result => {
    const trace = traceOf.get(result.index)
    return trace === undefined ? [] : [{ result, trace }]
  })
  const lost = episodes.filter(({ result }) => !result.success)
  const isFirst = ({ result }: ShownEpisode): boolean =>
    lost.find(other => other.result.reason === result.reason)?.result === result
  const shown = [...lost.filter(isFirst), ...lost.filter(episode => !isFirst(episode))].slice(0, MOST_LOST)
  return { lost: shown, won: episodes.filter(({ result }) => result.success).slice(0, MOST_WON) }
}
