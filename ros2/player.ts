import { setTimeout as pause } from 'node:timers/promises'
import { openBag } from '../middleware/bag/bag.js'
import type { Bag } from '../middleware/bag/bag.js'
import { playBag } from '../middleware/bag/bag-player.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { publisherOptions, publisherProfile } from '../middleware/ros2/qos.js'
import type { RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Process } from '../middleware/ros2/ros2-process.js'
import { heardTopics } from '../nodes/intake/inlets.js'
import { UsageError } from '../app/output/output.js'
import { audience, type Place } from './audience.js'
import { clockBytes } from './clock-publisher.js'
import { Delivery, fateOf } from './delivery.js'
import { nodeKind, type NodeParts } from './node-kind.js'

/** ns of recorded time between two words of /clock, at most one a message. */
const CLOCK_STEP = 1_000_000

interface PlayerOptions {
  readonly ros: Ros2Process
  readonly path: string
  readonly rate: number
  readonly loop: boolean
  /**
   * Topics of which those in the recording are to be listened to before it begins, and how long that is waited for, s.
   */
  readonly heard: readonly { readonly topic: string; readonly type: string }[]
  readonly wait: number
  readonly log: { info(text: string): void; warn(text: string): void; error(text: string): void }
}

/** ms for which the end stays to be heard: what was acknowledged has still to be taken. */
const LINGER = 1000

/**
 * Publishes a recording's messages as they were received, byte for byte, with its time on /clock, once there is
 * somebody who hears them, and no faster than those who asked for them reliably acknowledge.
 */
class PlayerNode extends LifecycleNode {
  played = 0
  /** Topics of which somebody has not acknowledged everything. */
  unacknowledged: readonly string[] = []
  /** Resolves when the recording has been played, rejects when that failed. */
  readonly done: Promise<void>
  #finish: () => void = () => undefined
  #fail: (reason: unknown) => void = () => undefined
  readonly #options: PlayerOptions
  #bag: Bag | undefined
  #publishers = new Map<string, RosPublisher>()
  #deliveries = new Map<string, Delivery>()
  #clock: RosPublisher | undefined
  #abort = new AbortController()
  #playing: Promise<void> | undefined

  constructor(options: PlayerOptions) {
    super('player')
    this.#options = options
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fail = reject
    })
    // Told already; whoever makes the transitions may not ask.
    this.done.catch(() => undefined)
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
        this.#deliveries.set(name, new Delivery(name, publisher, publisherProfile(type).depth))
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
      this.#fail(error)
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
    this.#deliveries.clear()
    this.#clock = undefined
    await this.#bag?.close()
    this.#bag = undefined
  }

  async #play(signal: AbortSignal): Promise<void> {
    const { ros, rate, loop, log } = this.#options
    const bag = this.#bag
    if (!bag) return
    await this.#gather(bag, signal)
    do {
      let said = -Infinity
      await playBag(bag, {
        rate,
        signal,
        onMessage: ({ topic, receive, data }) => {
          if (receive - said >= CLOCK_STEP) {
            this.#clock?.publish(clockBytes(receive, bag.epochSec))
            said = receive
          }
          const delivery = this.#deliveries.get(topic)
          if (!delivery) return undefined
          delivery.publish(Buffer.from(data.buffer, data.byteOffset, data.byteLength))
          this.played++
          return delivery.full ? delivery.settle(signal) : undefined
        },
      })
    } while (loop && !signal.aborted)
    const deliveries = [...this.#deliveries.values()]
    await Promise.all(deliveries.map(delivery => delivery.settle(signal)))
    const { words, lossy } = fateOf(deliveries, ros.node)
    this.unacknowledged = deliveries.filter(({ open }) => open > 0).map(({ topic }) => topic)
    log[lossy ? 'warn' : 'info'](
      `played ${this.played} messages${bag.damage === undefined ? '' : `, up to the damage: ${bag.damage}`}; ${words}`,
    )
    await pause(LINGER, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) this.#finish()
  }

  /** Until the recording's first message would be heard. Meanwhile time stands at its start. */
  async #gather(bag: Bag, ended: AbortSignal): Promise<void> {
    const { ros, heard, wait, log } = this.#options
    const clock = this.#clock
    if (wait === 0 || !clock) return
    const place = (topic: string, publisher: RosPublisher): Place => ({
      topic,
      needs: 'subscriber',
      count: () => publisher.subscriptionCount,
    })
    const places = [
      place('/clock', clock),
      ...bag.topics.flatMap(({ name, type }) => {
        const publisher = this.#publishers.get(name)
        return publisher && heard.some(other => other.topic === name && other.type === type)
          ? [place(name, publisher)]
          : []
      }),
    ]
    const start = clockBytes(bag.start, bag.epochSec)
    const missing = await audience(ros.node, places, {
      question: 'heard',
      signal: AbortSignal.any([ended, AbortSignal.timeout(wait * 1000)]),
      beat: () => clock.publish(start),
      onWait: words => log.info(`waits up to ${wait} s: ${words}`),
    })
    if (missing.length > 0 && !ended.aborted)
      log.warn(`plays after ${wait} s though ${missing.join(', ')}: what is published is lost to who comes later`)
  }
}

export const player = nodeKind({
  parameters: {
    bag: parameter({ type: 'string', default: '', readOnly: true, description: 'path of the recording' }),
    rate: parameter({
      type: 'double',
      default: 1,
      range: { min: 0.01, max: 100 },
      readOnly: true,
      description: 'times real time',
    }),
    wait: parameter({
      type: 'double',
      default: 10,
      range: { min: 0, max: 3600 },
      unit: 's',
      readOnly: true,
      description:
        'how long it waits for subscribers of /clock and of what a fusion node with the same robot file ' +
        'hears, before it plays all the same; 0: does not wait',
    }),
    loop: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'begins again at the end; time then jumps back',
    }),
  },
  make({ ros, robot, parameters, log }) {
    const path = parameters.get('bag')
    if (path === '') throw new UsageError('player: no recording: name one with -p bag:=PATH')
    const node = new PlayerNode({
      ros,
      path,
      rate: parameters.get('rate'),
      loop: parameters.get('loop'),
      heard: heardTopics(robot),
      wait: parameters.get('wait'),
      log,
    })
    return Promise.resolve<NodeParts>({
      node,
      done: node.done,
      status: (): Status[] => [
        {
          name: path,
          level: node.unacknowledged.length > 0 ? 'warn' : 'ok',
          message: node.unacknowledged.length > 0 ? `not acknowledged: ${node.unacknowledged.join(', ')}` : node.state,
          values: { played: node.played },
        },
      ],
    })
  },
})
