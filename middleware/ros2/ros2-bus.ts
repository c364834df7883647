import type { ActionClient } from '../action-client.js'
import type { Bus, Disposable, Listener, Publisher, TopicInfo } from '../bus.js'
import { BusError } from '../bus-error.js'
import type { BusGraph } from '../bus-graph.js'
import { decode, encode, isTypeName } from '../cdr/codecs.js'
import { CdrError } from '../cdr/cdr-error.js'
import type { MessageTypes, TypeName } from '../messages.js'
import { readInBatches } from './batch-reader.js'
import { onIncompatibleQos } from './qos-events.js'
import { BATCHED, overridesOf, publisherOptions, qosOf, subscriptionProfile } from './qos.js'
import { rosAddon, type Rclnodejs, type RosNode, type RosPublisher, type RosSubscription } from './rclnodejs.js'
import { ros2ActionClient } from './ros2-action-client.js'
import { ros2Graph } from './ros2-graph.js'
import { Ros2Clock } from './ros2-clock.js'
import { Ros2Process } from './ros2-process.js'
import { TopicWatch } from './topic-watch.js'

export interface Ros2BusOptions {
  /** A subscription's listener threw. */
  readonly onError?: (error: unknown) => void
  /**
   * Called with one line that the user should know about a topic: incompatible quality of service, bytes that are no
   * message.
   */
  readonly onWarning?: (topic: string, text: string) => void
  /**
   * ms between two reads of small and fast messages (wrenches, poses, joint states). Default 0: a message is read as
   * soon as it comes.
   */
  readonly batch?: number
  /** Subscribe to sensors reliably, with longer queues: for a recording that is played. */
  readonly reliable?: boolean
}

/** The state of a topic that is subscribed to. */
export interface TopicHealth {
  /** The name that was subscribed to. */
  readonly asked: string
  /** The name that ROS resolved it to: remapped, with its namespace. */
  readonly topic: string
  readonly type: string
  received: number
  /** Bus time at which the newest message came. */
  newest?: number
  /** Number of messages whose bytes could not be read. */
  malformed: number
}

interface Entry {
  readonly key: string
  readonly health: TopicHealth
  listeners: readonly Listener<never>[]
  /** Ends the subscription in ROS too. */
  readonly end: () => void
}

/**
 * The topics of a ROS 2 node as a Bus. Messages are CDR bytes that this project's own codecs read and write; pixels and
 * wrenches are read in place. ROS remaps and expands the names. Subscriptions and publishers take the parameters
 * `qos_overrides.*`. With `use_sim_time` messages before the first /clock message are dropped, because they cannot have
 * a receive time.
 */
export class Ros2Bus implements Bus {
  readonly clock: Ros2Clock
  readonly graph: BusGraph
  readonly #rcl: Rclnodejs
  readonly #node: RosNode
  readonly #options: Ros2BusOptions
  readonly #watch: TopicWatch
  readonly #addon = rosAddon()
  readonly #publishers = new Map<RosPublisher, Disposable>()
  readonly #entries = new Map<string, Entry>()
  #own: Ros2Process | undefined

  /**
   * A bus with a node of its own, which `close` ends too. `argv`: the program's name and its arguments (`--ros-args
   * …`). Throws the errors of `Ros2Process.start`.
   */
  static async open(name: string, argv: readonly string[], options: Ros2BusOptions = {}): Promise<Ros2Bus> {
    const ros = await Ros2Process.start(name, argv)
    const bus = new Ros2Bus(ros.rcl, ros.node, options)
    bus.#own = ros
    return bus
  }

  /** The node must spin, or start to. It belongs to the caller, who destroys it after `close`. */
  constructor(rcl: Rclnodejs, node: RosNode, options: Ros2BusOptions = {}) {
    this.#rcl = rcl
    this.#node = node
    this.#options = options
    this.clock = new Ros2Clock(node)
    this.graph = ros2Graph(rcl, node)
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
      onIncompatibleQos(this.#addon, this.#node, 'publisher', publisher, policy =>
        this.#watch.onIncompatibleSubscription(whole, policy),
      ),
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
        // A second call must not end another subscription to the same topic.
        if (entry.listeners.length > 0 || this.#entries.get(entry.key) !== entry) return
        this.#entries.delete(entry.key)
        entry.end()
      },
    }
  }

  /**
   * Passes on the CDR bytes of a topic's messages unread, so the type may be any that is installed. The subscription is
   * reliable, and asks for what was said before it, where all present publishers offer that. Throws an Error where the
   * type is not installed.
   */
  subscribeBytes(topic: string, type: string, listener: (bytes: Uint8Array, receive: number) => void): Disposable {
    const node = this.#node
    const offers = node.getPublishersInfoByTopic(topic).map(({ qos_profile: profile }) => profile)
    const all = (policy: 'reliability' | 'durability'): boolean =>
      offers.length > 0 && offers.every(profile => profile[policy] === 1)
    const { depth } = subscriptionProfile(type, { reliable: true })
    const qos = qosOf(this.#rcl, { reliable: all('reliability'), transientLocal: all('durability'), depth })
    const health: TopicHealth = { asked: topic, topic: node.resolveTopicName(topic), type, received: 0, malformed: 0 }
    const options = { isRaw: true, qos, qosOverridingOptions: overridesOf(this.#rcl) }
    const subscription = node.createSubscription(type, topic, options, bytes => {
      health.received++
      if (this.clock.known) listener(bytes, (health.newest = this.clock.now()))
    })
    const key = `bytes of ${type} ${topic}`
    this.#entries.set(key, { key, health, listeners: [], end: () => node.destroySubscription(subscription) })
    return {
      dispose: () => {
        const entry = this.#entries.get(key)
        if (entry?.health !== health) return
        this.#entries.delete(key)
        entry.end()
      },
    }
  }

  /** The state of every topic that is subscribed to. */
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

  action(name: string, type: string): ActionClient {
    return ros2ActionClient(this.#rcl, this.#node, name, type)
  }

  /** Ignored: real time does not wait for work. */
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

  /** The subscription to a topic and type. All its listeners get the same message at the same time. */
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
    const take = (bytes: Buffer): void => this.#receive(type, bytes, entry)
    const subscription = this.#node.createSubscription(type, topic, options, take)
    const entry: Entry = { key, health, listeners: [], end: this.#read(type, subscription, take) }
    this.#entries.set(key, entry)
    return entry
  }

  /** Starts to read a subscription. Returns a function that ends it. */
  #read(type: TypeName, subscription: RosSubscription, take: (bytes: Buffer) => void): () => void {
    const { batch = 0 } = this.#options
    const inBatches = batch > 0 && BATCHED.has(type)
    // An executor that waits for events of a subscription wakes up for its messages too. So in batches it does not wait
    // for events.
    const reading = inBatches
      ? readInBatches(this.#addon, this.#node, subscription, batch, take)
      : onIncompatibleQos(this.#addon, this.#node, 'subscription', subscription, policy =>
          this.#watch.onIncompatiblePublisher(subscription.topic, policy),
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

  #receive(type: TypeName, bytes: Buffer, { health, listeners }: Entry): void {
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

  /** Decodes a message, after bus time has reached its stamp if /clock has come that far. Throws CdrError. */
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
