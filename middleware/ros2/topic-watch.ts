import { UNKNOWN_NODE, type RosEndpoint, type RosNode } from './rclnodejs.js'

/** ms between two looks at the graph. */
const PERIOD = 1000
/**
 * Looks in a row at two publishers of one name after which it is said: one that is made anew is seen twice for a
 * moment. So many may a node stay without a name, too.
 */
const LOOKS = 3
const POLICIES = { reliability: ['reliable', 'best_effort'], durability: ['transient_local', 'volatile'] } as const
/** Types of which two publishers on one topic contradict each other. */
const SINGLE = new Set([
  'geometry_msgs/msg/WrenchStamped',
  'geometry_msgs/msg/PoseStamped',
  'sensor_msgs/msg/Image',
  'sensor_msgs/msg/CompressedImage',
  'sensor_msgs/msg/CameraInfo',
])

/**
 * Looks at the publishers of what is subscribed to, and says once, by node, what keeps them from being heard (a weaker
 * quality of service, another type) or should not be (a second source). An event says that something does not fit, the
 * graph says whose.
 */
export class TopicWatch {
  readonly #node: RosNode
  readonly #topics: () => readonly { readonly topic: string; readonly type: string }[]
  readonly #warn: (topic: string, text: string) => void
  readonly #said = new Set<string>()
  /** Events of an endpoint that does not fit, until a look has named its node. */
  readonly #events = new Map<
    string,
    { readonly topic: string; readonly otherwise: string; readonly name: () => boolean; looks: number }
  >()
  /** Looks in a row in which a topic had several publishers, all of one name. */
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
    this.#timer = setInterval(() => this.look(), PERIOD)
    this.#timer.unref()
  }

  look(): void {
    for (const { topic, type } of this.#topics()) {
      const publishers = named(this.#node.getPublishersInfoByTopic(topic))
      const own = this.#node.getSubscriptionsInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
      for (const publisher of publishers) {
        if (publisher.topic_type !== type)
          this.#say(topic, `${nameOf(publisher)} publishes ${publisher.topic_type}, not ${type}: it is not heard`)
        else if (own) this.#compare(topic, publisher, own)
      }
      if (SINGLE.has(type)) this.#count(topic, publishers)
    }
    for (const [key, event] of this.#events) {
      event.looks++
      if (event.name()) this.#events.delete(key)
      else if (event.looks >= LOOKS) {
        this.#events.delete(key)
        this.#say(event.topic, event.otherwise)
      }
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /**
   * A publisher's quality of service does not fit a subscription of this node: if no look names the node, this is said.
   */
  unheard(topic: string, policy: string): void {
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
   * A subscription somewhere asks for more than a publisher of this node offers: the looks that follow name its node.
   */
  unserved(topic: string, policy: string): void {
    this.#expect(topic, 'subscription', `the ${policy} of a subscription does not fit: it hears nothing`, () => {
      const own = this.#node.getPublishersInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
      const deaf = named(this.#node.getSubscriptionsInfoByTopic(topic)).flatMap(subscription =>
        own ? mismatches(subscription, own).map(mismatch => ({ subscription, mismatch })) : [],
      )
      for (const {
        subscription,
        mismatch: [name, asked, offered],
      } of deaf) {
        this.#say(
          topic,
          `${nameOf(subscription)} asks for ${name} ${asked}, ${offered} is offered: it hears nothing; set ` +
            `qos_overrides.${topic}.publisher.${name} to ${asked}`,
        )
      }
      return deaf.length > 0
    })
  }

  /** The event comes before the graph knows the node's name. */
  #expect(topic: string, side: string, otherwise: string, name: () => boolean): void {
    if (!name()) this.#events.set(`${topic} ${side}`, { topic, otherwise, name, looks: 0 })
  }

  #count(topic: string, publishers: readonly RosEndpoint[]): void {
    const names = [...new Set(publishers.map(nameOf))]
    if (names.length > 1)
      this.#say(
        topic,
        `${names.length} publishers (${names.sort().join(', ')}): their messages are mixed; stop one of them`,
      )
    const looks = names.length === 1 && publishers.length > 1 ? (this.#twice.get(topic) ?? 0) + 1 : 0
    this.#twice.set(topic, looks)
    if (looks < LOOKS) return
    this.#say(
      topic,
      `${names[0]} is there ${publishers.length === 2 ? 'twice' : `${publishers.length} times`}: the ` +
        'messages of all are mixed; stop one, unless one has died and is still remembered',
    )
  }

  /** Whether there was something to say. */
  #compare(topic: string, publisher: RosEndpoint, own: RosEndpoint): boolean {
    const found = mismatches(own, publisher)
    for (const [policy, asked, offered] of found) {
      this.#say(
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

  #say(topic: string, text: string): void {
    const key = `${topic} ${text}`
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.#warn(topic, text)
  }
}

/**
 * The policies in which a subscription asks for more than a publisher offers: policy, what is asked for, what is
 * offered.
 */
function mismatches(subscription: RosEndpoint, publisher: RosEndpoint): [string, string, string][] {
  return (['reliability', 'durability'] as const).flatMap((policy): [string, string, string][] =>
    subscription.qos_profile[policy] === 1 && publisher.qos_profile[policy] !== 1
      ? [[policy, ...POLICIES[policy]]]
      : [],
  )
}

/** Those whose node the graph knows already: it hears of an endpoint first. */
function named(endpoints: readonly RosEndpoint[]): RosEndpoint[] {
  return endpoints.filter(({ node_name: name }) => name !== UNKNOWN_NODE)
}

const nameOf = ({ node_name: name, node_namespace: namespace }: RosEndpoint): string =>
  `${namespace === '/' ? '' : namespace}/${name}`
