import type { RosEndpoint, RosNode } from './rclnodejs.js'

/** ms between two looks at the graph. */
const PERIOD = 1000
const POLICIES = { reliability: ['reliable', 'best_effort'], durability: ['transient_local', 'volatile'] } as const
/** Types of which two publishers on one topic contradict each other. */
const SINGLE = new Set(['geometry_msgs/msg/WrenchStamped', 'geometry_msgs/msg/PoseStamped', 'sensor_msgs/msg/Image', 'sensor_msgs/msg/CompressedImage', 'sensor_msgs/msg/CameraInfo'])

/**
 * Looks at the publishers of what is subscribed to, and says once, by node, what keeps them from being heard (a weaker quality of service,
 * another type) or should not be (a second source). rclnodejs 2.2 hands out no QoS events; the graph also names the node.
 */
export class TopicWatch {
  readonly #node: RosNode
  readonly #topics: () => readonly { readonly topic: string; readonly type: string }[]
  readonly #warn: (topic: string, text: string) => void
  readonly #said = new Set<string>()
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
      const publishers = this.#node.getPublishersInfoByTopic(topic)
      const own = this.#node.getSubscriptionsInfoByTopic(topic).find(({ node_name: name, node_namespace: namespace }) => name === this.#node.name() && namespace === this.#node.namespace())
      for (const publisher of publishers) {
        if (publisher.topic_type !== type) this.#say(topic, `${nameOf(publisher)} publishes ${publisher.topic_type}, not ${type}: it is not heard`)
        else if (own) this.#compare(topic, publisher, own)
      }
      // A node that died and came back is seen twice for a while.
      const names = [...new Set(publishers.map(nameOf))]
      if (names.length > 1 && SINGLE.has(type)) this.#say(topic, `${names.length} publishers (${names.sort().join(', ')}): their messages are mixed; stop one of them`)
    }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #compare(topic: string, publisher: RosEndpoint, own: RosEndpoint): void {
    for (const policy of ['reliability', 'durability'] as const) {
      const offered = publisher.qos_profile[policy]
      const asked = own.qos_profile[policy]
      if (asked !== 1 || offered === 1) continue
      const [strong, weak] = POLICIES[policy]
      this.#say(topic, `${nameOf(publisher)} offers ${policy} ${weak}, ${strong} is asked for: it is not heard; set qos_overrides.${topic}.subscription.${policy} to ${weak}`)
    }
  }

  #say(topic: string, text: string): void {
    const key = `${topic} ${text}`
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.#warn(topic, text)
  }
}

const nameOf = ({ node_name: name, node_namespace: namespace }: RosEndpoint): string => `${namespace === '/' ? '' : namespace}/${name}`
