import type { Disposable } from '../bus.js'
import type { RosAddon, RosEvent, RosNode } from './rclnodejs.js'

/** Values of rmw_qos_policy_kind_t. */
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
 * rcl's number of the event for an incompatible quality of service. It is the same for subscriptions and publishers.
 */
const INCOMPATIBLE_QOS = 2

/**
 * Calls `listener` for each endpoint of the other side whose quality of service is incompatible, with the first policy
 * that differs. rclnodejs 2.2 does not export the events of rcl that its `createSubscription` expects, so they are
 * created with its native addon here.
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
