import type { EpisodeResult } from '../session/episodes.js'
import type { EpisodeTrace } from './trace.js'

const MOST_LOST = 12
const MOST_WON = 3

/** Chooses, as episodes end, which a report may show: the first ones of each reason, and the first grasps won. */
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
 * What a report shows: of the lost episodes the first of each reason, then others, 12 in all; of the grasps won the
 * first 3.
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
