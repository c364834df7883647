import { setTimeout as pause } from 'node:timers/promises'
import { UNKNOWN_NODE, type RosEndpoint, type RosNode, type RosPublisher } from '../../middleware/ros2/rclnodejs.js'

/** ms between two looks at who subscribes, and after which a question is asked again. */
const LOOK = 20
const AGAIN = 500
/** What every ROS node answers, unless it was made without parameter services. */
const QUESTION = 'rcl_interfaces/srv/GetParameters'

export interface AudienceOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal
  /** Said again and again meanwhile; all who are there have heard it when the waiting ends well. */
  readonly beat: () => void
}

/**
 * Waits until each of these publishers is subscribed to, and its subscribers hear it. Resolves with what is missing, in words, when `signal` ends it; empty if nothing is.
 *
 * A publisher knows of a subscription before the subscription knows of it, and what is published in between is lost where it is best effort.
 * But a process learns of another one's endpoints in the order in which they were made: a node that answers a client which was made after the
 * publishers knows the publishers. That answer proves that what is said from then on is heard, a second one that `beat` was.
 */
export async function audience(node: RosNode, publishers: ReadonlyMap<string, RosPublisher>, { signal, beat }: AudienceOptions): Promise<string[]> {
  const unheard = (): string[] => [...publishers].filter(([, publisher]) => publisher.subscriptionCount === 0).map(([topic]) => topic)
  const listeners = (): RosEndpoint[] => [...publishers.keys()].flatMap(topic => node.getSubscriptionsInfoByTopic(node.resolveTopicName(topic)))
  while (!signal.aborted && (unheard().length > 0 || listeners().some(({ node_name: name }) => name === UNKNOWN_NODE))) {
    beat()
    await pause(LOOK, undefined, { signal }).catch(() => undefined)
  }
  const missing = unheard().map(topic => `${topic} has no subscriber`)
  const questions = new Set(listeners().flatMap(listener => questionTo(node, listener)))
  const answers = await Promise.all([...questions].map(async question => await answered(node, question, { signal, beat }) ? [] : [`${question} does not answer`]))
  return missing.concat(answers.flat())
}

/** The service to ask; none where the node has none. */
function questionTo(node: RosNode, { node_name: name, node_namespace: namespace }: RosEndpoint): string[] {
  if (name.startsWith('_')) return []
  const service = `${namespace === '/' ? '' : namespace}/${name}/get_parameters`
  return node.getServiceNamesAndTypesByNode(name, namespace).some(one => one.name === service) ? [service] : []
}

/** Whether it was answered twice before the end. */
async function answered(node: RosNode, service: string, { signal, beat }: AudienceOptions): Promise<boolean> {
  const client = node.createClient(QUESTION, service)
  try {
    for (let answers = 0; answers < 2 && !signal.aborted;) {
      beat()
      await client.sendRequestAsync({ names: [] }, { timeout: AGAIN, signal }).then(() => answers++, () => undefined)
    }
    return !signal.aborted
  } finally {
    node.destroyClient(client)
  }
}
