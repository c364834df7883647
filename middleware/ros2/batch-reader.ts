import type { Disposable } from '../bus.js'
import type { RosAddon, RosNode, RosSubscription } from './rclnodejs.js'

/**
 * Hands what a subscription received to `listener` every `period` ms, all of it, in order. The node's executor does not wait for it: that wakes
 * two threads a message, which at 1 kHz costs more than all the rest (docs/explanation/ros2.md). The subscription's own callback is never
 * called; destroying the subscription is the caller's, after this was disposed of.
 */
export function readInBatches(addon: RosAddon, node: RosNode, subscription: RosSubscription, period: number, listener: (bytes: Buffer) => void): Disposable {
  node._subscriptions.splice(node._subscriptions.indexOf(subscription), 1)
  node.syncHandles()
  const { handle } = subscription
  let ended = false
  const timer = setInterval(() => {
    for (let bytes = addon.rclTakeRaw(handle); bytes !== undefined && !ended; bytes = addon.rclTakeRaw(handle)) listener(bytes)
  }, period)
  timer.unref()
  return {
    dispose: () => {
      ended = true
      clearInterval(timer)
    },
  }
}
