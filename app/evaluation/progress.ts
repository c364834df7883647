import type { EpisodeResult } from '../session/episodes.js'
import type { Output } from '../output/output.js'

/** Tells how far a benchmark is, a line an episode; in a process that was started by another, tells that one. */
export class Progress {
  readonly #output: Output
  readonly #total: number
  #done = 0
  #won = 0

  constructor(output: Output, total: number) {
    this.#output = output
    this.#total = total
  }

  step(episode: EpisodeResult): void {
    if (process.send) return void (process.connected && process.send({ episode }))
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
