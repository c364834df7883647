import type { EpisodeResult } from '../session/episodes.js'

/** Receives the progress of a benchmark. */
export interface Progress {
  /** An episode has ended. */
  step(episode: EpisodeResult): void
  /** A line for people. */
  note(line: string): void
}

/** Writes a line of progress for each episode. */
export class ProgressLines implements Progress {
  readonly #say: (line: string) => void
  readonly #total: number
  #done = 0
  #won = 0

  constructor(say: (line: string) => void, total: number) {
    this.#say = say
    this.#total = total
  }

  step(episode: EpisodeResult): void {
    this.#done++
    if (episode.success) this.#won++
    this.#say(
      `${this.#done}/${this.#total} won ${this.#won}  episode ${episode.index + 1}: ` +
        `"${episode.command}" ${episode.success ? 'won' : episode.reason}`,
    )
  }

  note(line: string): void {
    this.#say(line)
  }
}
