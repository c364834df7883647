import type { Bus, Disposable, Publisher } from '../../middleware/bus.js'
import type { StringMessage } from '../../middleware/messages.js'
import type { Robot } from '../../robots/robot.js'
import { episodeTopics } from '../session/episode-topics.js'
import type { EpisodeResult } from '../session/episodes.js'

/** How a person ends an episode. */
export type Verdict = 'won' | 'lost' | 'end'

/** The episodes that a person begins and judges, announced and ended on the topics on which a cell's are. */
export class PersonEpisodes implements Disposable {
  readonly results: EpisodeResult[] = []
  readonly #bus: Bus
  readonly #command: string
  readonly #announcements: Publisher<StringMessage>
  readonly #results: Publisher<StringMessage>
  #begun: number | undefined

  /** `command`: what the episodes are about. Empty: not said. */
  constructor(bus: Bus, robot: Robot, command: string) {
    const topics = episodeTopics(robot)
    this.#bus = bus
    this.#command = command
    this.#announcements = bus.advertise(topics.announcements, 'std_msgs/msg/String')
    this.#results = bus.advertise(topics.results, 'std_msgs/msg/String')
  }

  get isRunning(): boolean {
    return this.#begun !== undefined
  }

  /** Begins the next one. One that runs ends without a verdict first. */
  begin(): void {
    if (this.isRunning) this.finish('end')
    this.#begun = this.#bus.clock.now()
    this.#announcements.publish({ data: JSON.stringify({ index: this.results.length }) })
  }

  /** Ends the one that runs. False: none runs. */
  finish(verdict: Verdict): boolean {
    if (this.#begun === undefined) return false
    const result: EpisodeResult = {
      index: this.results.length,
      command: this.#command,
      correction: undefined,
      target: undefined,
      fragile: false,
      success: verdict === 'won',
      reason: verdict === 'won' ? undefined : verdict === 'lost' ? 'not_grasped' : 'interrupted',
      peakForce: 0,
      seconds: (this.#bus.clock.now() - this.#begun) / 1e9,
    }
    this.#begun = undefined
    this.results.push(result)
    this.#results.publish({ data: JSON.stringify(result) })
    return true
  }

  dispose(): void {
    this.#announcements.dispose()
    this.#results.dispose()
  }
}
