import type { Bus, Disposable, Listener, Publisher, TopicInfo } from '../bus.js'
import { BusError } from '../bus-error.js'
import { decode, encode, isTypeName } from '../cdr/codecs.js'
import { CdrError } from '../cdr/cdr-error.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { readInBatches } from './batch-reader.js'
import { onIncompatibleQos } from './qos-events.js'
import { BATCHED, overridesOf, publisherOptions, qosOf, subscriptionProfile } from './qos.js'
import { rosAddon, type Rclnodejs, type RosNode, type RosPublisher, type RosSubscription } from './rclnodejs.js'
import { Ros2Clock } from './ros2-clock.js'
import { Ros2Process } from './ros2-process.js'
import { TopicWatch } from './topic-watch.js'

export interface Ros2BusOptions {
  /** A subscriber threw. */
  readonly onError?: (error: unknown) => void
  /**
   * Something about a topic that its user should know: quality of service that does not fit, bytes that are no message.
   * One line.
   */
  readonly onWarning?: (topic: string, text: string) => void
  /**
   * ms between two readings of what is small and fast (wrenches, poses, joint states). Default 0: each message is heard
   * when it comes.
   */
  readonly batch?: number
  /** Subscriptions ask for sensors reliably too, in longer queues: for a recording that is played. */
  readonly reliable?: boolean
}

/** What has gone wrong on a topic that is subscribed to. */
export interface TopicHealth {
  /** As it was asked for. */
  readonly asked: string
  /** As ROS resolved it: remapped, with its namespace. */
  readonly topic: string
  readonly type: string
  received: number
  /** When the newest one came, by the bus's clock. */
  newest?: number
  /** Messages whose bytes could not be read. */
  malformed: number
}

interface Entry {
  readonly key: string
  readonly health: TopicHealth
  listeners: readonly Listener<never>[]
  /** Ends it in ROS too. */
  readonly end: () => void
}

/**
 * Topics of a ROS 2 node. Messages travel as CDR bytes, read and written by our own codecs: pixels and wrenches are
 * read in place. Names are remapped and expanded by ROS. Subscriptions and publishers take `qos_overrides.*`
 * parameters. With `use_sim_time` nothing is heard before the first word of /clock: there is no time yet at which it
 * could have come.
 */
export class Ros2Bus implements Bus {
  readonly clock: Ros2Clock
  readonly #rcl: Rclnodejs
  readonly #node: RosNode
  readonly #options: Ros2BusOptions
  readonly #watch: TopicWatch
  readonly #addon = rosAddon()
  readonly #publishers = new Map<RosPublisher, Disposable>()
  readonly #entries = new Map<string, Entry>()
  #own: Ros2Process | undefined

  /**
   * A bus with a node of its own, which ends with it. `argv`: the program's name and what follows it (`--ros-args …`).
   * Throws what `Ros2Process.start` throws.
   */
  static async open(name: string, argv: readonly string[], options: Ros2BusOptions = {}): Promise<Ros2Bus> {
    const ros = await Ros2Process.start(name, argv)
    const bus = new Ros2Bus(ros.rcl, ros.node, options)
    bus.#own = ros
    return bus
  }

  /** The node must be spinning, or begin to. It belongs to the caller, who destroys it after `close`. */
  constructor(rcl: Rclnodejs, node: RosNode, options: Ros2BusOptions = {}) {
    this.#rcl = rcl
    this.#node = node
    this.#options = options
    this.clock = new Ros2Clock(node)
    this.#watch = new TopicWatch(
      node,
      () => this.health(),
      (topic, text) => this.#warn(topic, text),
    )
  }

  advertise<T extends TypeName>(topic: string, type: T): Publisher<MessageTypes[T]> {
    known(topic, type)
    const publisher = this.#node.createPublisher(type, topic, publisherOptions(this.#rcl, type))
    const whole = this.#node.resolveTopicName(topic)
    this.#publishers.set(
      publisher,
      onIncompatibleQos(this.#addon, this.#node, 'publisher', publisher, policy => this.#watch.unserved(whole, policy)),
    )
    return {
      publish: message => {
        if (!this.#publishers.has(publisher))
          throw new BusError('PUBLISHER_DISPOSED', `${topic}: published after its publisher was disposed of`)
        const bytes = encode(type, message, this.clock.epochSec)
        publisher.publish(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      },
      dispose: () => {
        this.#end(publisher)
      },
    }
  }

  subscribe<T extends TypeName>(topic: string, type: T, listener: Listener<MessageTypes[T]>): Disposable {
    known(topic, type)
    const entry = this.#entry(topic, type)
    const own: Listener<never> = (message, receive) => listener(message, receive)
    entry.listeners = [...entry.listeners, own]
    return {
      dispose: () => {
        entry.listeners = entry.listeners.filter(other => other !== own)
        // Ended twice, this must not end another one's subscription to the same topic.
        if (entry.listeners.length > 0 || this.#entries.get(entry.key) !== entry) return
        this.#entries.delete(entry.key)
        entry.end()
      },
    }
  }

  /** Of every topic that is subscribed to. */
  health(): TopicHealth[] {
    return [...this.#entries.values()].map(({ health }) => health)
  }

  topics(): TopicInfo[] {
    return this.#node.getTopicNamesAndTypes().flatMap(({ name, types }) =>
      types.map(type => ({
        topic: name,
        type,
        publishers: this.#node.getPublishersInfoByTopic(name).length,
        subscribers: this.#node.getSubscriptionsInfoByTopic(name).length,
      })),
    )
  }

  /** Real time waits for nobody. */
  work(promise: Promise<unknown>): void {
    promise.catch(() => undefined)
  }

  async close(): Promise<void> {
    for (const publisher of this.#publishers.keys()) this.#end(publisher)
    for (const { end } of this.#entries.values()) end()
    this.#entries.clear()
    this.#watch.close()
    this.clock.close()
    this.#own?.close()
  }

  /** One subscription a topic and type: all who listen to it hear the same message at the same time. */
  #entry(topic: string, type: TypeName): Entry {
    const key = `${type} ${topic}`
    const existing = this.#entries.get(key)
    if (existing) return existing
    const health: TopicHealth = {
      asked: topic,
      topic: this.#node.resolveTopicName(topic),
      type,
      received: 0,
      malformed: 0,
    }
    const options = {
      isRaw: true,
      qos: qosOf(this.#rcl, subscriptionProfile(type, this.#options)),
      qosOverridingOptions: overridesOf(this.#rcl),
    }
    const hear = (bytes: Buffer): void => this.#hear(type, bytes, entry)
    const subscription = this.#node.createSubscription(type, topic, options, hear)
    const entry: Entry = { key, health, listeners: [], end: this.#read(type, subscription, hear) }
    this.#entries.set(key, entry)
    return entry
  }

  /** Begins to read a subscription; returns what ends it. */
  #read(type: TypeName, subscription: RosSubscription, hear: (bytes: Buffer) => void): () => void {
    const { batch = 0 } = this.#options
    const inBatches = batch > 0 && BATCHED.has(type)
    // An executor that waits for events of a subscription wakes up for its messages too: then it would never rest
    // between two batches.
    const reading = inBatches
      ? readInBatches(this.#addon, this.#node, subscription, batch, hear)
      : onIncompatibleQos(this.#addon, this.#node, 'subscription', subscription, policy =>
          this.#watch.unheard(subscription.topic, policy),
        )
    return () => {
      reading.dispose()
      this.#node.destroySubscription(subscription)
    }
  }

  #end(publisher: RosPublisher): void {
    const events = this.#publishers.get(publisher)
    if (!events) return
    this.#publishers.delete(publisher)
    events.dispose()
    this.#node.destroyPublisher(publisher)
  }

  #hear(type: TypeName, bytes: Buffer, { health, listeners }: Entry): void {
    health.received++
    if (!this.clock.known) return
    health.newest = this.clock.now()
    let message: MessageTypes[TypeName]
    try {
      message = this.#decode(type, bytes)
    } catch (error) {
      if (!(error instanceof CdrError)) throw error
      if (health.malformed++ === 0) this.#warn(health.topic, `bytes that are no ${type}: ${error.message}`)
      return
    }
    const receive = (health.newest = this.clock.now())
    for (const listener of listeners) {
      try {
        listener(message as never, receive)
      } catch (error) {
        this.#fail(error)
      }
    }
  }

  /** Time has come as far as the message's stamp, where /clock has said so. Throws CdrError. */
  #decode(type: TypeName, bytes: Buffer): MessageTypes[TypeName] {
    const { clock } = this
    const { epochSec } = clock
    const message = decode(type, bytes, epochSec)
    if (!('stamp' in message) || message.stamp <= clock.now()) return message
    clock.reach(message.stamp)
    return clock.epochSec === epochSec ? message : decode(type, bytes, clock.epochSec)
  }

  #warn(topic: string, text: string): void {
    this.#options.onWarning?.(topic, text)
  }

  #fail(error: unknown): void {
    if (!this.#options.onError) throw error
    this.#options.onError(error)
  }
}

function known(topic: string, type: string): void {
  if (!isTypeName(type)) throw new BusError('TOPIC_TYPE', `${topic}: ${type} is not a type that travels here`)
}
