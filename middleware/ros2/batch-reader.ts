import type { Disposable } from '../bus.js'
import type { RosAddon, RosNode, RosSubscription } from './rclnodejs.js'

/**
 * Messages a batch, at most: after a pause the rest follows in the next ones, and nothing else waits for all of them.
 */
const MOST = 100

/**
 * Hands what a subscription received to `listener` every `period` ms, in order. The node's executor does not wait for
 * it: that wakes two threads a message, which at 1 kHz costs more than all the rest (docs/explanation/ros2.md). The
 * subscription's own callback is never called; destroying the subscription is the caller's, after this was disposed of.
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
