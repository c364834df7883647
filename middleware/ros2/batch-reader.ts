import type { Disposable } from '../bus.js'
import type { RosAddon, RosNode, RosSubscription } from './rclnodejs.js'

/**
 * Number of messages that one timer call may read. After a pause the rest follows in the next calls, so that other work
 * need not wait for all of them.
 */
const MOST = 100

/**
 * Gives the messages of a subscription to `listener` every `period` ms, in order. The node's executor does not wait for
 * this subscription: it would wake two threads for each message, which costs most of the time at 1 kHz
 * (docs/explanation/ros2.md). The subscription's own callback is never called. The caller destroys the subscription
 * after it has disposed of this reader.
 */
export function readInBatches(
  addon: RosAddon,
  node: RosNode,
  subscription: RosSubscription,
  period: number,
  listener: (bytes: Buffer) => void,
): Disposable {
  node._subscriptions.splice(node._subscriptions.indexOf(subscription), 1)
  node.syncHandles()
  const { handle } = subscription
  let ended = false
  const timer = setInterval(() => {
    for (let taken = 0; taken < MOST && !ended; taken++) {
      const bytes = addon.rclTakeRaw(handle)
      if (bytes === undefined) return
      listener(bytes)
    }
  }, period)
  timer.unref()
  return {
    dispose: () => {
      ended = true
      clearInterval(timer)
    },
  }
}
