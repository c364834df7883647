import type { Output } from '../output/output.js'
import type { EpisodeResult } from '../session/episodes.js'

/** Hears how far a benchmark is. */
export interface Progress {
  /** An episode has ended. */
  step(episode: EpisodeResult): void
  /** A line for people. */
  note(line: string): void
}

/** Tells it a line an episode. */
export class ProgressLines implements Progress {
  readonly #output: Output
  readonly #total: number
  #done = 0
  #won = 0

  constructor(output: Output, total: number) {
    this.#output = output
    this.#total = total
  }

  step(episode: EpisodeResult): void {
    this.#done++
    if (episode.success) this.#won++
    this.#output.progress(
      `${this.#done}/${this.#total} won ${this.#won}  episode ${episode.index + 1}: ` +
        `"${episode.command}" ${episode.success ? 'won' : episode.reason}`,
    )
  }

  note(line: string): void {
    this.#output.progress(line)
  }
}
