import { z } from 'zod'
import type { Bag, BagMessage } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { messageOf } from '../../middleware/message-of.js'
import type { Robot } from '../../robots/robot.js'
import { issueText, validate } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'
import { episodeTopics } from '../session/episode-topics.js'
import type { EpisodeEnd } from './training-set.js'

/** A recording from one announcement or result of an episode to the next. */
interface Stretch {
  /** An announcement began it, or the recording has none. */
  readonly isEpisode: boolean
  readonly isWon: boolean
}

const RESULT_TYPE = 'std_msgs/msg/String'
/** What a result says, as JSON. */
const RESULT = z.object({ index: z.int().default(-1), success: z.boolean() })

/**
 * The stretches of a recording between the announcements and results of its episodes. What lies between a result and
 * the next announcement belongs to no episode: the scene is being prepared.
 */
export class EpisodeStretches {
  readonly #path: string
  readonly #topics: { readonly announcements: string; readonly results: string }
  readonly #isAnnounced: boolean
  #won: readonly boolean[] | undefined
  #index = 0
  #isEpisode: boolean

  constructor(bag: Bag, robot: Robot) {
    this.#path = bag.path
    this.#topics = episodeTopics(robot)
    this.#isAnnounced = bag.topics.some(({ name, count }) => name === this.#topics.announcements && count > 0)
    this.#isEpisode = !this.#isAnnounced
  }

  /** Reads the recording once, so that each stretch knows from its beginning how it ends. Throws as `boundary`. */
  async look(bag: Bag): Promise<void> {
    const won: boolean[] = []
    for await (const batch of bag.batches())
      for (const message of batch) {
        const boundary = this.boundary(message, bag.epochSec)
        if (boundary !== undefined) won.push(boundary !== 'begins' && boundary.success)
      }
    this.#won = won
  }

  /** The present stretch. Without `look` it is not known to be won. */
  get now(): Stretch {
    return { isEpisode: this.#isEpisode, isWon: this.#won?.[this.#index] ?? false }
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
        `${this.#path}: ${topic}: ${why}; the result of an episode is ${RESULT_TYPE} with {"index": 3, "success": true}`,
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
