import { UNKNOWN_NODE, type RosEndpoint, type RosNode } from './rclnodejs.js'

/** ms between two checks of the graph. */
const PERIOD = 1000
/**
 * Number of checks in a row that must find two publishers of one name before a warning. A publisher that is created
 * again is in the graph twice for a moment. A node may also stay without a name for this number of checks.
 */
const CHECKS = 3
const POLICIES = { reliability: ['reliable', 'best_effort'], durability: ['transient_local', 'volatile'] } as const
/** Types of which a topic should have one publisher. */
const SINGLE = new Set([
  'geometry_msgs/msg/WrenchStamped',
  'geometry_msgs/msg/PoseStamped',
  'sensor_msgs/msg/Image',
  'sensor_msgs/msg/CompressedImage',
  'sensor_msgs/msg/CameraInfo',
])

/**
 * Checks the publishers of subscribed topics in the graph. It warns once for each node when its messages cannot be
 * received (a weaker quality of service, another type) or should not be (a second source). An event of rcl says that an
 * endpoint is incompatible; the graph says which node it belongs to.
 */
export class TopicWatch {
  readonly #node: RosNode
  readonly #topics: () => readonly { readonly topic: string; readonly type: string }[]
  readonly #warn: (topic: string, text: string) => void
  readonly #warned = new Set<string>()
  /** Events of incompatible endpoints, until a check has found their nodes. */
  readonly #events = new Map<
    string,
    { readonly topic: string; readonly otherwise: string; readonly name: () => boolean; checks: number }
  >()
  /** By topic: checks in a row that found several publishers, all of one name. */
  readonly #twice = new Map<string, number>()
  readonly #timer: NodeJS.Timeout

  constructor(
    node: RosNode,
    topics: () => readonly { readonly topic: string; readonly type: string }[],
    warn: (topic: string, text: string) => void,
  ) {
    this.#node = node
    this.#topics = topics
    this.#warn = warn
    this.#timer = setInterval(() => this.check(), PERIOD)
    this.#timer.unref()
  }

  /** Checks the graph once. A timer calls it every second. */
  check(): void {
    for (const { topic, type } of this.#topics()) {
      const publishers = named(this.#node.getPublishersInfoByTopic(topic))
      const own = this.#node.getSubscriptionsInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
      for (const publisher of publishers) {
        if (publisher.topic_type !== type)
          this.#warnOnce(topic, `${nameOf(publisher)} publishes ${publisher.topic_type}, not ${type}: it is not heard`)
        else if (own) this.#compare(topic, publisher, own)
      }
      if (SINGLE.has(type)) this.#count(topic, publishers)
    }
    for (const [key, event] of this.#events) {
      event.checks++
      if (event.name()) this.#events.delete(key)
      else if (event.checks >= CHECKS) {
        this.#events.delete(key)
        this.#warnOnce(event.topic, event.otherwise)
      }
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /**
   * A publisher is incompatible with a subscription of this node. The warning names its node when the graph knows it.
   */
  onIncompatiblePublisher(topic: string, policy: string): void {
    this.#expect(topic, 'publisher', `the ${policy} of a publisher does not fit: it is not heard`, () => {
      const own = this.#node.getSubscriptionsInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
      return (
        own !== undefined &&
        named(this.#node.getPublishersInfoByTopic(topic)).filter(publisher => this.#compare(topic, publisher, own))
          .length > 0
      )
    })
  }

  /**
   * A subscription asks for more than a publisher of this node offers. The warning names its node when the graph knows
   * it.
   */
  onIncompatibleSubscription(topic: string, policy: string): void {
    this.#expect(topic, 'subscription', `the ${policy} of a subscription does not fit: it hears nothing`, () => {
      const own = this.#node.getPublishersInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
      const deaf = named(this.#node.getSubscriptionsInfoByTopic(topic)).flatMap(subscription =>
        own ? mismatches(subscription, own).map(mismatch => ({ subscription, mismatch })) : [],
      )
      for (const {
        subscription,
        mismatch: [name, asked, offered],
      } of deaf) {
        this.#warnOnce(
          topic,
          `${nameOf(subscription)} asks for ${name} ${asked}, ${offered} is offered: it hears nothing; set ` +
            `qos_overrides.${topic}.publisher.${name} to ${asked}`,
        )
      }
      return deaf.length > 0
    })
  }

  /** Keeps an event for later checks, because the graph often learns the node's name after the event. */
  #expect(topic: string, side: string, otherwise: string, name: () => boolean): void {
    if (!name()) this.#events.set(`${topic} ${side}`, { topic, otherwise, name, checks: 0 })
  }

  #count(topic: string, publishers: readonly RosEndpoint[]): void {
    const names = [...new Set(publishers.map(nameOf))]
    if (names.length > 1)
      this.#warnOnce(
        topic,
        `${names.length} publishers (${names.sort().join(', ')}): their messages are mixed; stop one of them`,
      )
    const checks = names.length === 1 && publishers.length > 1 ? (this.#twice.get(topic) ?? 0) + 1 : 0
    this.#twice.set(topic, checks)
    if (checks < CHECKS) return
    this.#warnOnce(
      topic,
      `${names[0]} is there ${publishers.length === 2 ? 'twice' : `${publishers.length} times`}: the ` +
        'messages of all are mixed; stop one, unless one has died and is still remembered',
    )
  }

  /** Warns of each policy that differs; true when one does. */
  #compare(topic: string, publisher: RosEndpoint, own: RosEndpoint): boolean {
    const found = mismatches(own, publisher)
    for (const [policy, asked, offered] of found) {
      this.#warnOnce(
        topic,
        `${nameOf(publisher)} offers ${policy} ${offered}, ${asked} is asked for: it is not heard; set ` +
          `qos_overrides.${topic}.subscription.${policy} to ${offered}`,
      )
    }
    return found.length > 0
  }

  #isOwn({ node_name: name, node_namespace: namespace }: RosEndpoint): boolean {
    return name === this.#node.name() && namespace === this.#node.namespace()
  }

  #warnOnce(topic: string, text: string): void {
    const key = `${topic} ${text}`
    if (this.#warned.has(key)) return
    this.#warned.add(key)
    this.#warn(topic, text)
  }
}

/**
 * The policies in which a subscription asks for more than a publisher offers, each as [policy, asked for, offered].
 */
function mismatches(subscription: RosEndpoint, publisher: RosEndpoint): [string, string, string][] {
  return (['reliability', 'durability'] as const).flatMap((policy): [string, string, string][] =>
    subscription.qos_profile[policy] === 1 && publisher.qos_profile[policy] !== 1
      ? [[policy, ...POLICIES[policy]]]
      : [],
  )
}

/** The endpoints whose node the graph knows. It learns of an endpoint before its node. */
function named(endpoints: readonly RosEndpoint[]): RosEndpoint[] {
  return endpoints.filter(({ node_name: name }) => name !== UNKNOWN_NODE)
}

const nameOf = ({ node_name: name, node_namespace: namespace }: RosEndpoint): string =>
  `${namespace === '/' ? '' : namespace}/${name}`
