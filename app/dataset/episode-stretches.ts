import { z } from 'zod'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { messageOf } from '../../middleware/message-of.js'
import type { Robot } from '../../robots/robot.js'
import { issueText, validate } from '../../robots/validation.js'
import type { Observation } from '../../fusion/observation.js'
import { UsageError } from '../output/output.js'
import { replayBag, type StampClock } from '../replay/replay-bag.js'
import { episodeTopics } from '../session/episode-topics.js'
import type { EpisodeEnd } from './training-set.js'

const RESULT_TYPE = 'std_msgs/msg/String'
/** What a result says, as JSON. */
const RESULT = z.object({ index: z.int().default(-1), success: z.boolean() })

/**
 * The stretches of a recording between the announcements and results of its episodes. What lies between a result and
 * the next announcement belongs to no episode: the scene is being prepared.
 */
export class EpisodeStretches {
  readonly #bag: Bag
  readonly #robot: Robot
  readonly #topics: { readonly announcements: string; readonly results: string }
  readonly #isAnnounced: boolean
  /**
   * Of each stretch that was won: the aligner's `episode` when the result came. What a jump of time parts from the
   * result did not lead to it.
   */
  #won: readonly (number | undefined)[] = []
  #index = 0
  #isEpisode: boolean

  constructor(bag: Bag, robot: Robot) {
    this.#bag = bag
    this.#robot = robot
    this.#topics = episodeTopics(robot)
    this.#isAnnounced = bag.topics.some(({ name, count }) => name === this.#topics.announcements && count > 0)
    this.#isEpisode = !this.#isAnnounced
  }

  /**
   * Replays the recording once, so that each stretch knows from its beginning how it ends. `signal` ends that. Throws
   * as `boundary`.
   */
  async look(clock: StampClock, signal: AbortSignal | undefined): Promise<void> {
    const won: (number | undefined)[] = []
    await replayBag({
      bag: this.#bag,
      robot: this.#robot,
      clock,
      rate: 'max',
      ...(signal && { signal }),
      onObservation: () => undefined,
      onMessage: (message, episode) => {
        const boundary = this.boundary(message, clock.epochSec)
        if (boundary !== undefined) won.push(boundary !== 'begins' && boundary.success ? episode : undefined)
      },
    })
    this.#won = won
  }

  /** Whether the present stretch is an episode: an announcement began it, or the recording has none. */
  get isEpisode(): boolean {
    return this.#isEpisode
  }

  /** Whether an observation of the present stretch led to success: no jump of time parts them. Needs `look`. */
  isWon({ episode }: Pick<Observation, 'episode'>): boolean {
    return this.#won[this.#index] === episode
  }

  /** What a message says of episodes; undefined: nothing. Throws UsageError where a result cannot be understood. */
  boundary(message: BagMessage, epochSec: number): 'begins' | EpisodeEnd | undefined {
    if (message.topic === this.#topics.announcements) return 'begins'
    return message.topic === this.#topics.results ? this.#resultOf(message, epochSec) : undefined
  }

  /** Goes on to the stretch behind a boundary. */
  pass(boundary: 'begins' | EpisodeEnd): void {
    this.#index++
    this.#isEpisode = boundary === 'begins' || !this.#isAnnounced
  }

  #resultOf({ topic, type, data }: BagMessage, epochSec: number): EpisodeEnd {
    const refused = (why: string): UsageError =>
      new UsageError(
        `${this.#bag.path}: ${topic}: ${why}; the result of an episode is ${RESULT_TYPE} with {"index": 3, "success": true}`,
      )
    if (type !== RESULT_TYPE) throw refused(`its type is ${type}`)
    let value: unknown
    try {
      value = JSON.parse(decode(RESULT_TYPE, data, epochSec).data)
    } catch (error) {
      throw refused(`a message cannot be read as JSON: ${messageOf(error)}`)
    }
    const { data: result, issues } = validate(RESULT, value)
    if (issues) throw refused(issueText(issues[0]!))
    return result
  }
}
