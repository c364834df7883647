import type { RosEndpoint, RosNode } from './rclnodejs.js'

/** ms between two looks at the graph. */
const PERIOD = 1000
/** Looks in a row at two publishers of one name after which it is said: one that is made anew is seen twice for a moment. */
const LOOKS = 3
const POLICIES = { reliability: ['reliable', 'best_effort'], durability: ['transient_local', 'volatile'] } as const
/** Types of which two publishers on one topic contradict each other. */
const SINGLE = new Set(['geometry_msgs/msg/WrenchStamped', 'geometry_msgs/msg/PoseStamped', 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage', 'sensor_msgs/msg/CameraInfo'])

/**
 * Looks at the publishers of what is subscribed to, and says once, by node, what keeps them from being heard (a weaker quality of service,
 * another type) or should not be (a second source). An event says that something does not fit, the graph says whose.
 */
export class TopicWatch {
  readonly #node: RosNode
  readonly #topics: () => readonly { readonly topic: string; readonly type: string }[]
  readonly #warn: (topic: string, text: string) => void
  readonly #said = new Set<string>()
  /** Of which topics it was said that their publishers, or their subscribers, do not fit. */
  readonly #named = new Set<string>()
  /** Looks in a row in which a topic had several publishers, all of one name. */
  readonly #twice = new Map<string, number>()
  readonly #timer: NodeJS.Timeout

  constructor(node: RosNode, topics: () => readonly { readonly topic: string; readonly type: string }[], warn: (topic: string, text: string) => void) {
    this.#node = node
    this.#topics = topics
    this.#warn = warn
    this.#timer = setInterval(() => this.look(), PERIOD)
    this.#timer.unref()
  }

  look(): void {
    for (const { topic, type } of this.#topics()) {
      this.#lookAt(topic, type)
      if (SINGLE.has(type)) this.#count(topic, this.#node.getPublishersInfoByTopic(topic))
    }
  }

  #lookAt(topic: string, type: string): void {
    const publishers = this.#node.getPublishersInfoByTopic(topic)
    const own = this.#node.getSubscriptionsInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
    for (const publisher of publishers) {
      if (publisher.topic_type !== type) this.#say(topic, `${nameOf(publisher)} publishes ${publisher.topic_type}, not ${type}: it is not heard`)
      else if (own) this.#compare(topic, publisher, own)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** A publisher's quality of service does not fit a subscription of this node. */
  unheard(topic: string, policy: string): void {
    for (const { topic: known, type } of this.#topics()) if (known === topic) this.#lookAt(known, type)
    this.#sayOnce(topic, 'publishers', `the ${policy} of a publisher does not fit: it is not heard`)
  }

  /** A subscription somewhere asks for more than a publisher of this node offers. */
  unserved(topic: string, policy: string): void {
    const own = this.#node.getPublishersInfoByTopic(topic).find(endpoint => this.#isOwn(endpoint))
    for (const subscription of this.#node.getSubscriptionsInfoByTopic(topic)) {
      for (const [name, asked, offered] of own ? mismatches(subscription, own) : []) {
        this.#say(topic, `${nameOf(subscription)} asks for ${name} ${asked}, ${offered} is offered: it hears nothing; set qos_overrides.${topic}.publisher.${name} to ${asked}`, 'subscribers')
      }
    }
    this.#sayOnce(topic, 'subscribers', `the ${policy} of a subscription does not fit: it hears nothing`)
  }

  #count(topic: string, publishers: readonly RosEndpoint[]): void {
    const names = [...new Set(publishers.map(nameOf))]
    if (names.length > 1) this.#say(topic, `${names.length} publishers (${names.sort().join(', ')}): their messages are mixed; stop one of them`)
    const looks = names.length === 1 && publishers.length > 1 ? (this.#twice.get(topic) ?? 0) + 1 : 0
    this.#twice.set(topic, looks)
    if (looks < LOOKS) return
    this.#say(topic, `${names[0]} is there ${publishers.length === 2 ? 'twice' : `${publishers.length} times`}: the messages of all are mixed; stop one, unless one has died and is still remembered`)
  }

  #compare(topic: string, publisher: RosEndpoint, own: RosEndpoint): void {
    for (const [policy, asked, offered] of mismatches(own, publisher)) {
      this.#say(topic, `${nameOf(publisher)} offers ${policy} ${offered}, ${asked} is asked for: it is not heard; set qos_overrides.${topic}.subscription.${policy} to ${offered}`)
    }
  }

  #isOwn({ node_name: name, node_namespace: namespace }: RosEndpoint): boolean {
    return name === this.#node.name() && namespace === this.#node.namespace()
  }

  #say(topic: string, text: string, about = 'publishers'): void {
    const key = `${topic} ${text}`
    this.#named.add(`${topic} ${about}`)
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.#warn(topic, text)
  }

  /** Unless a node was named already. */
  #sayOnce(topic: string, about: string, text: string): void {
    if (!this.#named.has(`${topic} ${about}`)) this.#say(topic, text, about)
  }
}

/** The policies in which a subscription asks for more than a publisher offers: policy, what is asked for, what is offered. */
function mismatches(subscription: RosEndpoint, publisher: RosEndpoint): [string, string, string][] {
  return (['reliability', 'durability'] as const).flatMap((policy): [string, string, string][] =>
    subscription.qos_profile[policy] === 1 && publisher.qos_profile[policy] !== 1 ? [[policy, ...POLICIES[policy]]] : [])
}

const nameOf = ({ node_name: name, node_namespace: namespace }: RosEndpoint): string => `${namespace === '/' ? '' : namespace}/${name}`
