import { setTimeout as pause } from 'node:timers/promises'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'

/** ms between two checks of the acknowledgements, and after which a subscriber is not waited for any longer. */
const POLL_PERIOD = 2
const LIMIT = 5000

/**
 * A topic that is published no faster than its reliable subscribers acknowledge. A publisher sends a message again
 * until it is acknowledged, but only while its history holds the message. So no more than half a history is sent ahead
 * of the acknowledgements. Subscribers with the best effort acknowledge nothing, so it is not known what they received.
 */
export class AcknowledgedTopic {
  readonly name: string
  readonly #publisher: RosPublisher
  readonly #ahead: number
  /** Messages since everything was acknowledged. */
  open = 0
  /** Whether a subscriber has stopped acknowledging. From then on no subscriber is waited for. */
  abandoned = false

  /** `depth`: messages that the publisher's history holds. */
  constructor(name: string, publisher: RosPublisher, depth: number) {
    this.name = name
    this.#publisher = publisher
    this.#ahead = Math.max(1, Math.floor(depth / 2))
  }

  publish(bytes: Buffer): void {
    this.#publisher.publish(bytes)
    this.open++
  }

  /** Whether acknowledgements must come before the next message. */
  get full(): boolean {
    return !this.abandoned && this.open >= this.#ahead && !this.#isAcknowledged()
  }

  /** Waits until everything is acknowledged. Ends when `signal` aborts, or after 5 s, which sets `abandoned`. */
  async settle(signal: AbortSignal): Promise<void> {
    for (const end = performance.now() + LIMIT; !this.abandoned && !this.#isAcknowledged(); ) {
      if (signal.aborted) return
      if (performance.now() > end) this.abandoned = true
      await pause(POLL_PERIOD)
    }
  }

  /** Whole names of the nodes that subscribe with the best effort. */
  bestEffortSubscribers(node: RosNode): string[] {
    return node
      .getSubscriptionsInfoByTopic(node.resolveTopicName(this.name))
      .filter(({ qos_profile: { reliability } }) => reliability !== 1)
      .map(({ node_name: name, node_namespace: namespace }) => `${namespace === '/' ? '' : namespace}/${name}`)
  }

  #isAcknowledged(): boolean {
    if (this.open > 0 && this.#publisher.waitForAllAcked(0n)) this.open = 0
    return this.open === 0
  }
}

/** Says which messages were acknowledged. `lossy`: a reliable subscriber may have lost some. */
export function acknowledgementReport(
  topics: readonly AcknowledgedTopic[],
  node: RosNode,
): { readonly words: string; readonly lossy: boolean } {
  const open = topics.filter(({ open }) => open > 0)
  const unknown = topics.flatMap(topic => topic.bestEffortSubscribers(node).map(name => `${topic.name} by ${name}`))
  return {
    words: [
      open.length === 0
        ? 'whoever asked for them reliably acknowledged all'
        : `not acknowledged: ${open.map(({ name, open }) => `up to ${open} of ${name}`).join(', ')}`,
      ...(unknown.length > 0 ? [`heard by best effort, so what arrived is not known: ${unknown.join(', ')}`] : []),
    ].join('; '),
    lossy: open.length > 0,
  }
}
