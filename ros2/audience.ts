import { setTimeout as pause } from 'node:timers/promises'
import { UNKNOWN_NODE, type RosEndpoint, type RosNode } from '../middleware/ros2/rclnodejs.js'

/**
 * ms between two looks at the graph, after which a question is asked again, and between two words about who is missing.
 */
const LOOK = 20
const AGAIN = 500
const TELL = 3000
/** lifecycle_msgs/msg/State: PRIMARY_STATE_ACTIVE. */
const ACTIVE = 3

/**
 * Whom a topic needs: somebody who hears what this node publishes on it, or who publishes what this node hears on it.
 */
export interface Place {
  readonly topic: string
  readonly needs: 'subscriber' | 'publisher'
  /** How many there are. Default: those of other nodes that the graph shows. */
  readonly count?: () => number
}

/**
 * What those who are there are asked. `heard`: any node that answers parameter requests, until it has answered twice.
 * `active`: managed nodes alone, until they say that they are active.
 */
export type Question = 'heard' | 'active'

export interface AudienceOptions {
  readonly question: Question
  /** Ends the waiting. */
  readonly signal: AbortSignal
  /**
   * Said again and again meanwhile; with the question `heard` all who are there have heard it when the waiting ends
   * well.
   */
  readonly beat?: () => void
  /** Told who is missing, in words, while it lasts. */
  readonly onWait?: (missing: string) => void
}

/**
 * Waits until each place is taken and those who took it have answered. Resolves with what is missing, in words, when
 * `signal` ends it; empty if nothing is.
 *
 * A publisher knows of a subscription before the subscription knows of it, and what is published in between is lost
 * where it is best effort. But a process learns of another one's endpoints in the order in which they were made: a node
 * that answers a client which was made after the publishers knows the publishers. That answer proves that what is said
 * from then on is heard, a second one that `beat` was.
 */
export async function audience(node: RosNode, places: readonly Place[], options: AudienceOptions): Promise<string[]> {
  const { question, signal, beat = () => undefined, onWait } = options
  const empty = (): string[] =>
    places
      .filter(place => (place.count?.() ?? othersAt(node, place).length) === 0)
      .map(({ topic, needs }) => `${topic} has no ${needs}`)
  const present = (): RosEndpoint[] => places.flatMap(place => othersAt(node, place))
  const silent = new Map<string, string>()
  const missing = (): string[] => [...empty(), ...silent.values()]
  let told = ''
  const teller = setInterval(() => {
    const words = missing().join(', ')
    if (words !== '' && words !== told) onWait?.(words)
    told = words
  }, TELL)
  try {
    do {
      while (
        !signal.aborted &&
        (empty().length > 0 || present().some(({ node_name: name }) => name === UNKNOWN_NODE))
      ) {
        beat()
        await pause(LOOK, undefined, { signal }).catch(() => undefined)
      }
      const services = new Map(
        present().flatMap(endpoint => serviceOf(node, endpoint, question).map(service => [service, endpoint])),
      )
      for (const service of services.keys()) silent.set(service, `${service} does not answer`)
      await Promise.all(
        [...services].map(([service, endpoint]) =>
          answered(node, service, {
            question,
            signal,
            beat,
            isThere: () => serviceOf(node, endpoint, question).length > 0,
            told: words => silent.set(service, words),
            done: () => silent.delete(service),
          }),
        ),
      )
      // Who has gone meanwhile may have left a place empty.
    } while (!signal.aborted && empty().length > 0)
    return missing()
  } finally {
    clearInterval(teller)
  }
}

/** Who publishes on or subscribes to a place's topic, besides the node itself. */
function othersAt(node: RosNode, { topic, needs }: Place): RosEndpoint[] {
  const name = node.resolveTopicName(topic)
  const all = needs === 'subscriber' ? node.getSubscriptionsInfoByTopic(name) : node.getPublishersInfoByTopic(name)
  return all.filter(endpoint => endpoint.node_name !== node.name() || endpoint.node_namespace !== node.namespace())
}

const SERVICES = {
  heard: { name: 'get_parameters', type: 'rcl_interfaces/srv/GetParameters' },
  active: { name: 'get_state', type: 'lifecycle_msgs/srv/GetState' },
} as const

/** The service to ask; none where the node has none. */
function serviceOf(
  node: RosNode,
  { node_name: name, node_namespace: namespace }: RosEndpoint,
  question: Question,
): string[] {
  if (name.startsWith('_')) return []
  const service = `${namespace === '/' ? '' : namespace}/${name}/${SERVICES[question].name}`
  return node.getServiceNamesAndTypesByNode(name, namespace).some(one => one.name === service) ? [service] : []
}

interface Asking {
  readonly question: Question
  readonly signal: AbortSignal
  readonly beat: () => void
  readonly isThere: () => boolean
  readonly told: (words: string) => void
  readonly done: () => void
}

/** Asks one node until its answers are what was waited for, or it is gone. */
async function answered(
  node: RosNode,
  service: string,
  { question, signal, beat, isThere, told, done }: Asking,
): Promise<void> {
  const client = node.createClient(SERVICES[question].type, service)
  const request = question === 'heard' ? { names: [] } : {}
  const needed = question === 'heard' ? 2 : 1
  try {
    for (let answers = 0; answers < needed && !signal.aborted; ) {
      beat()
      const answer = (await client.sendRequestAsync(request, { timeout: AGAIN, signal }).catch(() => undefined)) as
        | { readonly current_state?: { readonly id: number; readonly label: string } }
        | undefined
      const state = answer?.current_state
      if (answer === undefined || (state !== undefined && Number(state.id) !== ACTIVE)) {
        if (!isThere()) return done()
        told(state ? `${service.replace(/\/get_state$/, '')} is ${state.label}` : `${service} does not answer`)
        await pause(LOOK, undefined, { signal }).catch(() => undefined)
      } else if (++answers === needed) done()
    }
  } finally {
    node.destroyClient(client)
  }
}
