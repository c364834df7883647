import { expect, test } from 'vitest'
import { LifecycleNode } from '../../middleware/lifecycle.js'
import { ManagedNode } from '../../middleware/ros2/managed-node.js'
import type { RosNode } from '../../middleware/ros2/rclnodejs.js'

class SlowNode extends LifecycleNode {
  finish: () => void = () => undefined
  protected override onConfigure(): Promise<void> {
    return new Promise(resolve => (this.finish = resolve))
  }
}

test('a transition that ends after its ROS node was destroyed publishes nothing and causes no error', async () => {
  const heard: unknown[] = []
  let clock: object | null = { now: () => ({ nanoseconds: 0n }) }
  const callbacks = new Map<string, (request: unknown, response: { send: (answer: unknown) => void }) => void>()
  const ros = {
    createPublisher: () => ({ publish: (event: unknown) => heard.push(event) }),
    createService: (_type: string, name: string, callback: never) => callbacks.set(name, callback),
    destroyService: () => undefined,
    destroyPublisher: () => undefined,
    getClock: () => clock,
  } as unknown as RosNode
  const node = new SlowNode('slow')
  const managed = new ManagedNode(node, ros, error => heard.push(error))
  const answers: unknown[] = []
  const send = (answer: unknown): void => void answers.push(answer)
  callbacks.get('~/change_state')?.({ transition: { id: 1, label: '' } }, { send })
  expect(heard).toHaveLength(1)
  managed.dispose()
  clock = null
  node.finish()
  await expect.poll(() => node.state).toBe('inactive')
  // An unhandled rejection would fail this file.
  await new Promise(resolve => setImmediate(resolve))
  expect([heard.length, answers]).toEqual([1, []])
})
