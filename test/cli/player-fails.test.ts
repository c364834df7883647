import { expect, test, vi } from 'vitest'
import { player } from '../../ros2/managed-player.js'
import type { NodeContext } from '../../ros2/node-kind.js'

vi.mock('../../middleware/bag/bag.js', () => ({
  openBag: () => Promise.resolve({ topics: [], start: 0, epochSec: 0, close: () => Promise.resolve() }),
}))
vi.mock('../../middleware/bag/bag-player.js', () => ({ playBag: () => Promise.reject(new Error('the disk is gone')) }))

test('a player that cannot read on says so, and its work has failed: nobody waits for it for ever', async () => {
  const said: unknown[] = []
  const values: Readonly<Record<string, unknown>> = { bag: 'x.mcap', rate: 1, loop: false, wait: 0 }
  const { node, done } = await player.make({
    ros: {
      rcl: {},
      node: { createPublisher: () => ({ publish: () => undefined }), destroyPublisher: () => undefined },
    },
    robot: { streams: [] },
    parameters: { get: (name: string) => values[name] },
    log: { info: () => undefined, warn: () => undefined, error: (text: string) => said.push(text) },
  } as unknown as NodeContext)
  await node.configure()
  await node.activate()
  await expect(done).rejects.toThrow('the disk is gone')
  expect(said).toEqual(['Error: the disk is gone'])
  await node.shutdown()
})
