import type { Disposable } from '../bus.js'
import type { RosAddon, RosEvent, RosNode } from './rclnodejs.js'

/** rmw_qos_policy_kind_t */
const POLICIES: Readonly<Record<number, string>> = {
  2: 'durability',
  4: 'deadline',
  8: 'liveliness',
  16: 'reliability',
  32: 'history',
  64: 'lifespan',
  128: 'depth',
}
/**
 * rcl's number, of a subscription's events and of a publisher's, for one from the other side whose quality of service
 * does not fit.
 */
const INCOMPATIBLE_QOS = 2

/**
 * Tells of each endpoint of the other side whose quality of service does not fit, with the first policy in which it
 * does not. rclnodejs 2.2 keeps the events of rcl to itself (it does not export what its `createSubscription` asks
 * for), so they are taken from its addon here.
 */
export function onIncompatibleQos(
  addon: RosAddon,
  node: RosNode,
  side: 'subscription' | 'publisher',
  endpoint: { readonly handle: unknown },
  listener: (policy: string) => void,
): Disposable {
  const create = side === 'subscription' ? addon.createSubscriptionEventHandle : addon.createPublisherEventHandle
  const handle = create(endpoint.handle, INCOMPATIBLE_QOS)
  const event: RosEvent = {
    handle,
    _handle: handle,
    takeData: () => {
      const { last_policy_kind: kind } = addon.takeEvent(handle, { [`${side}_event_type`]: INCOMPATIBLE_QOS })
      listener(POLICIES[kind] ?? 'quality of service')
    },
  }
  node._events.push(event)
  node.syncHandles()
  return {
    dispose: () => {
      const at = node._events.indexOf(event)
      if (at < 0) return
      node._events.splice(at, 1)
      node.syncHandles()
      handle.release()
    },
  }
}
