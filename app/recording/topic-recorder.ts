import type { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Disposable } from '../../middleware/bus.js'
import { messageOf } from '../../middleware/message-of.js'
import { RateMeter } from '../measure/rate-meter.js'
import type { TopicChoice } from './topic-choice.js'
import type { TopicSource } from './topic-source.js'

/** ms between two looks for topics that have come up. */
const LOOK = 200

export interface RecordedTopic {
  readonly type: string
  readonly meter: RateMeter
}

/** Writes the chosen topics of a source, each from when it comes up, and counts their messages. */
export class TopicRecorder {
  /** By topic. Those on which nothing came have a count of 0. */
  readonly topics = new Map<string, RecordedTopic>()
  /** The chosen topics that could not be subscribed to. */
  readonly refused = new Set<string>()
  readonly #source: TopicSource
  readonly #choice: TopicChoice
  readonly #writer: BagWriter
  readonly #onNotice: (text: string) => void
  readonly #known = new Map<string, Disposable | undefined>()
  readonly #timer: NodeJS.Timeout

  constructor(source: TopicSource, choice: TopicChoice, writer: BagWriter, onNotice: (text: string) => void) {
    this.#source = source
    this.#choice = choice
    this.#writer = writer
    this.#onNotice = onNotice
    this.#look()
    this.#timer = setInterval(() => this.#look(), LOOK)
  }

  /** Whether a message has come on any topic. */
  get hasBegun(): boolean {
    return [...this.topics.values()].some(({ meter }) => meter.count > 0)
  }

  /** The expected topics on which nothing came. */
  get missing(): readonly string[] {
    return this.#choice.expected.filter(topic => (this.topics.get(topic)?.meter.count ?? 0) === 0)
  }

  /** No more messages are written. */
  close(): void {
    clearInterval(this.#timer)
    for (const subscription of this.#known.values()) subscription?.dispose()
    this.#known.clear()
  }

  #look(): void {
    for (const name of this.#source.topics()) {
      const key = `${name.type} ${name.topic}`
      if (!this.#known.has(key) && this.#choice.takes(name)) this.#known.set(key, this.#record(name))
    }
  }

  #record(name: { readonly topic: string; readonly type: string }): Disposable | undefined {
    const { topic, type } = name
    const meter = new RateMeter()
    try {
      const subscription = this.#source.record(name, this.#writer, receive => meter.tick(receive))
      if (!this.topics.has(topic)) this.topics.set(topic, { type, meter })
      return subscription
    } catch (error) {
      this.refused.add(topic)
      this.#onNotice(messageOf(error))
      return undefined
    }
  }
}
