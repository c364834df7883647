import { setTimeout as pause } from 'node:timers/promises'
import { UNKNOWN_NODE, type RosEndpoint, type RosNode } from '../middleware/ros2/rclnodejs.js'

/** ms between two checks of the graph, and after which a request is sent again. */
const POLL_PERIOD = 20
const REQUEST_TIMEOUT = 500
/** ms between two reports of what is missing. */
const REPORT_PERIOD = 3000
/** lifecycle_msgs/msg/State: PRIMARY_STATE_ACTIVE. */
const ACTIVE = 3

/** An endpoint that another node must have: a subscription to what this node publishes, or a publisher for it. */
export interface RequiredEndpoint {
  readonly topic: string
  readonly needs: 'subscriber' | 'publisher'
  /** How many there are. Default: those of other nodes that the graph shows. */
  readonly count?: () => number
}

/**
 * What a node with such an endpoint is asked.
 * - `connected`: every node that answers parameter requests, until it has answered two.
 * - `active`: managed nodes alone, until they say that they are active.
 */
export type PeerCheck = 'connected' | 'active'

export interface WaitForPeersOptions {
  readonly check: PeerCheck
  /** Ends the wait. */
  readonly signal: AbortSignal
  /**
   * Called again and again during the wait, to publish something. With the check `connected`, all peers have received
   * it when the wait ends well.
   */
  readonly keepPublishing?: () => void
  /** Told in words what is missing, as long as something is. */
  readonly onWait?: (missing: string) => void
}

/**
 * Waits until each endpoint exists and its node has passed the check. Resolves with what is missing, in words, when
 * `signal` ends the wait; empty if nothing is missing.
 *
 * A publisher discovers a subscription before the subscription discovers the publisher. With the best effort, a message
 * that is published in between is lost. But a process discovers another process's endpoints in the order in which they
 * were made. So a node that answers a client which was made after the publishers has discovered the publishers: it
 * receives what is published after its first answer, and at its second answer it has received `keepPublishing`'s.
 */
export async function waitForPeers(
  node: RosNode,
  endpoints: readonly RequiredEndpoint[],
  options: WaitForPeersOptions,
): Promise<string[]> {
  const { check, signal, keepPublishing = () => undefined, onWait } = options
  const absent = (): string[] =>
    endpoints
      .filter(endpoint => (endpoint.count?.() ?? othersAt(node, endpoint).length) === 0)
      .map(({ topic, needs }) => `${topic} has no ${needs}`)
  const present = (): RosEndpoint[] => endpoints.flatMap(endpoint => othersAt(node, endpoint))
  const unready = new Map<string, string>()
  const missing = (): string[] => [...absent(), ...unready.values()]
  let reported = ''
  const reporter = setInterval(() => {
    const words = missing().join(', ')
    if (words !== '' && words !== reported) onWait?.(words)
    reported = words
  }, REPORT_PERIOD)
  try {
    do {
      while (
        !signal.aborted &&
        (absent().length > 0 || present().some(({ node_name: name }) => name === UNKNOWN_NODE))
      ) {
        keepPublishing()
        await pause(POLL_PERIOD, undefined, { signal }).catch(() => undefined)
      }
      const services = new Map(
        present().flatMap(endpoint => serviceOf(node, endpoint, check).map(service => [service, endpoint])),
      )
      for (const service of services.keys()) unready.set(service, `${service} does not answer`)
      await Promise.all(
        [...services].map(([service, endpoint]) =>
          ready(node, service, {
            check,
            signal,
            keepPublishing,
            isThere: () => serviceOf(node, endpoint, check).length > 0,
            onUnready: words => unready.set(service, words),
            onReady: () => unready.delete(service),
          }),
        ),
      )
      // A node may have gone meanwhile, and its endpoint with it.
    } while (!signal.aborted && absent().length > 0)
    return missing()
  } finally {
    clearInterval(reporter)
  }
}

/** The endpoints of other nodes that fit a required endpoint. */
function othersAt(node: RosNode, { topic, needs }: RequiredEndpoint): RosEndpoint[] {
  const name = node.resolveTopicName(topic)
  const all = needs === 'subscriber' ? node.getSubscriptionsInfoByTopic(name) : node.getPublishersInfoByTopic(name)
  return all.filter(endpoint => endpoint.node_name !== node.name() || endpoint.node_namespace !== node.namespace())
}

const SERVICES = {
  connected: { name: 'get_parameters', type: 'rcl_interfaces/srv/GetParameters' },
  active: { name: 'get_state', type: 'lifecycle_msgs/srv/GetState' },
} as const

/** The service that the check asks; empty where the node does not have it. */
function serviceOf(
  node: RosNode,
  { node_name: name, node_namespace: namespace }: RosEndpoint,
  check: PeerCheck,
): string[] {
  if (name.startsWith('_')) return []
  const service = `${namespace === '/' ? '' : namespace}/${name}/${SERVICES[check].name}`
  return node.getServiceNamesAndTypesByNode(name, namespace).some(one => one.name === service) ? [service] : []
}

interface ReadyOptions {
  readonly check: PeerCheck
  readonly signal: AbortSignal
  readonly keepPublishing: () => void
  readonly isThere: () => boolean
  readonly onUnready: (words: string) => void
  readonly onReady: () => void
}

/** Asks one node until it has passed the check, or has gone. */
async function ready(
  node: RosNode,
  service: string,
  { check, signal, keepPublishing, isThere, onUnready, onReady }: ReadyOptions,
): Promise<void> {
  const client = node.createClient(SERVICES[check].type, service)
  const request = check === 'connected' ? { names: [] } : {}
  const needed = check === 'connected' ? 2 : 1
  try {
    for (let answers = 0; answers < needed && !signal.aborted; ) {
      keepPublishing()
      const answer = (await client
        .sendRequestAsync(request, { timeout: REQUEST_TIMEOUT, signal })
        .catch(() => undefined)) as
        | { readonly current_state?: { readonly id: number; readonly label: string } }
        | undefined
      const state = answer?.current_state
      if (answer === undefined || (state !== undefined && Number(state.id) !== ACTIVE)) {
        if (!isThere()) return onReady()
        onUnready(state ? `${service.replace(/\/get_state$/, '')} is ${state.label}` : `${service} does not answer`)
        await pause(POLL_PERIOD, undefined, { signal }).catch(() => undefined)
      } else if (++answers === needed) onReady()
    }
  } finally {
    node.destroyClient(client)
  }
}
