import { setTimeout as pause } from 'node:timers/promises'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'

/** ms between two looks at what was acknowledged, and after which nobody is waited for any longer. */
const LOOK = 2
const PATIENCE = 5000

/**
 * One topic's messages on their way to those who asked for them reliably. What a publisher keeps it sends again until
 * it is acknowledged; what is older than its history is lost. So no more than half a history is sent ahead of the
 * acknowledgements. A subscriber that asked for the best effort acknowledges nothing: what it received nobody knows.
 */
export class Delivery {
  readonly topic: string
  readonly #publisher: RosPublisher
  readonly #ahead: number
  /** Messages since all were acknowledged. */
  open = 0
  /** Whether somebody has stopped acknowledging: from then on nobody is waited for. */
  abandoned = false

  /** `depth`: messages that the publisher keeps. */
  constructor(topic: string, publisher: RosPublisher, depth: number) {
    this.topic = topic
    this.#publisher = publisher
    this.#ahead = Math.max(1, Math.floor(depth / 2))
  }

  publish(bytes: Buffer): void {
    this.#publisher.publish(bytes)
    this.open++
  }

  /** Whether acknowledgements have to be waited for before the next message. */
  get full(): boolean {
    return !this.abandoned && this.open >= this.#ahead && !this.#acknowledged()
  }

  /** Waits until everything was acknowledged; gives up after 5 s, for good, or when `signal` says so. */
  async settle(signal: AbortSignal): Promise<void> {
    for (const end = performance.now() + PATIENCE; !this.abandoned && !this.#acknowledged(); ) {
      if (signal.aborted) return
      if (performance.now() > end) this.abandoned = true
      await pause(LOOK)
    }
  }

  /** Whole names of the nodes that asked for the best effort. */
  unconfirmed(node: RosNode): string[] {
    return node
      .getSubscriptionsInfoByTopic(node.resolveTopicName(this.topic))
      .filter(({ qos_profile: { reliability } }) => reliability !== 1)
      .map(({ node_name: name, node_namespace: namespace }) => `${namespace === '/' ? '' : namespace}/${name}`)
  }

  #acknowledged(): boolean {
    if (this.open > 0 && this.#publisher.waitForAllAcked(0n)) this.open = 0
    return this.open === 0
  }
}

/**
 * What is known of the fate of all messages, in words, and whether some may be lost to one who asked for them reliably.
 */
export function fateOf(
  deliveries: readonly Delivery[],
  node: RosNode,
): { readonly words: string; readonly lossy: boolean } {
  const open = deliveries.filter(({ open }) => open > 0)
  const unconfirmed = deliveries.flatMap(delivery =>
    delivery.unconfirmed(node).map(name => `${delivery.topic} by ${name}`),
  )
  return {
    words: [
      open.length === 0
        ? 'whoever asked for them reliably acknowledged all'
        : `not acknowledged: ${open.map(({ topic, open }) => `up to ${open} of ${topic}`).join(', ')}`,
      ...(unconfirmed.length > 0
        ? [`heard by best effort, so what arrived is not known: ${unconfirmed.join(', ')}`]
        : []),
    ].join('; '),
    lossy: open.length > 0,
  }
}
