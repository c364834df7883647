import { setTimeout as pause } from 'node:timers/promises'
import { openBag } from '../middleware/bag/bag.js'
import type { Bag } from '../middleware/bag/bag.js'
import { inCurrentLayout } from '../middleware/cdr/codecs.js'
import { playBag } from '../middleware/bag/bag-player.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import { publisherOptions, publisherProfile } from '../middleware/ros2/qos.js'
import type { RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'
import { AcknowledgedTopic, acknowledgementReport } from './acknowledged-topic.js'
import { clockBytes } from './clock-publisher.js'
import { deferred } from './deferred.js'
import { withTimeLimit } from './time-limit.js'
import { waitForPeers, type RequiredEndpoint } from './wait-for-peers.js'

/** ns of recorded time between two messages on /clock. */
const CLOCK_STEP = 1_000_000
/** ms for which the node stays after the end: subscribers still have to read what they acknowledged. */
const LINGER = 1000

export interface PlayerOptions {
  readonly ros: Ros2Process
  /** Path of the recording. */
  readonly path: string
  /** Times real time. */
  readonly rate: number
  /** Whether to begin again at the end. */
  readonly loop: boolean
  /** Topics that need a subscriber before the recording begins, as far as they are in it. */
  readonly heard: readonly { readonly topic: string; readonly type: string }[]
  /** s that the player waits for these subscribers; 0: it does not wait. */
  readonly wait: number
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void }
}

/**
 * Publishes the messages of a recording byte for byte, in the order and at the times in which they were received, with
 * the recording's time on /clock. It begins when there are subscribers, and it goes no faster than those that are
 * reliable acknowledge.
 */
export class PlayerNode extends LifecycleNode {
  /** Messages that were published. */
  played = 0
  /** Topics on which a reliable subscriber has not acknowledged every message. */
  unacknowledged: readonly string[] = []
  readonly #done = deferred<void>()
  readonly #options: PlayerOptions
  #bag: Bag | undefined
  readonly #publishers = new Map<string, RosPublisher>()
  readonly #topics = new Map<string, AcknowledgedTopic>()
  #clock: RosPublisher | undefined
  #abort = new AbortController()
  #playing: Promise<void> | undefined

  constructor(options: PlayerOptions) {
    super('player')
    this.#options = options
  }

  /** Resolves when the recording has been played. Rejects when that failed; the log was told. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  protected override async onConfigure(): Promise<void> {
    const {
      ros: { rcl, node },
      path,
      log,
    } = this.#options
    this.#bag = await openBag(path)
    this.#clock = node.createPublisher('rosgraph_msgs/msg/Clock', '/clock')
    for (const { name, type } of this.#bag.topics) {
      if (name === '/clock') continue
      try {
        const publisher = node.createPublisher(type, name, publisherOptions(rcl, type))
        this.#publishers.set(name, publisher)
        this.#topics.set(name, new AcknowledgedTopic(name, publisher, publisherProfile(type).depth))
      } catch (error) {
        log.warn(
          `${name}: ${type} is not installed here, so it is left out (${(error as Error).message.split('\n')[0]})`,
        )
      }
    }
  }

  protected override onActivate(): void {
    this.#abort = new AbortController()
    this.#playing = this.#play(this.#abort.signal).catch((error: unknown) => {
      this.#options.log.error(String(error))
      this.#done.reject(error)
    })
  }

  protected override async onDeactivate(): Promise<void> {
    this.#abort.abort()
    await this.#playing
  }

  protected override async onCleanup(): Promise<void> {
    for (const publisher of [...this.#publishers.values(), this.#clock])
      if (publisher) this.#options.ros.node.destroyPublisher(publisher)
    this.#publishers.clear()
    this.#topics.clear()
    this.#clock = undefined
    await this.#bag?.close()
    this.#bag = undefined
  }

  async #play(signal: AbortSignal): Promise<void> {
    const { ros, rate, loop, log } = this.#options
    const bag = this.#bag
    if (!bag) return
    await this.#waitForSubscribers(bag, signal)
    do {
      let clockTime = -Infinity
      await playBag(bag, {
        rate,
        signal,
        onMessage: ({ topic: name, type, receive, data }) => {
          if (receive - clockTime >= CLOCK_STEP) {
            this.#clock?.publish(clockBytes(receive, bag.epochSec))
            clockTime = receive
          }
          const topic = this.#topics.get(name)
          if (!topic) return undefined
          const bytes = inCurrentLayout(type, data)
          topic.publish(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
          this.played++
          return topic.full ? topic.settle(signal) : undefined
        },
      })
    } while (loop && !signal.aborted)
    const topics = [...this.#topics.values()]
    await Promise.all(topics.map(topic => topic.settle(signal)))
    const { words, lossy } = acknowledgementReport(topics, ros.node)
    this.unacknowledged = topics.filter(({ open }) => open > 0).map(({ name }) => name)
    log[lossy ? 'warn' : 'info'](
      `played ${this.played} messages${bag.damage === undefined ? '' : `, up to the damage: ${bag.damage}`}; ${words}`,
    )
    await pause(LINGER, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) this.#done.resolve()
  }

  /** Waits until subscribers would receive the first message. Meanwhile /clock stands at the recording's start. */
  async #waitForSubscribers(bag: Bag, ended: AbortSignal): Promise<void> {
    const { ros, heard, wait, log } = this.#options
    const clock = this.#clock
    if (wait === 0 || !clock) return
    const subscriberOf = (topic: string, publisher: RosPublisher): RequiredEndpoint => ({
      topic,
      needs: 'subscriber',
      count: () => publisher.subscriptionCount,
    })
    const endpoints = [
      subscriberOf('/clock', clock),
      ...bag.topics.flatMap(({ name, type }) => {
        const publisher = this.#publishers.get(name)
        return publisher && heard.some(other => other.topic === name && other.type === type)
          ? [subscriberOf(name, publisher)]
          : []
      }),
    ]
    const start = clockBytes(bag.start, bag.epochSec)
    const missing = await withTimeLimit(ended, wait * 1000, signal =>
      waitForPeers(ros.node, endpoints, {
        check: 'connected',
        signal,
        keepPublishing: () => clock.publish(start),
        onWait: words => log.info(`waits up to ${wait} s: ${words}`),
      }),
    )
    if (missing.length > 0 && !ended.aborted)
      log.warn(`plays after ${wait} s though ${missing.join(', ')}: what is published is lost to who comes later`)
  }
}
