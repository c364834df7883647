import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { createGripper } from '../../../drivers/gripper-drivers.js'

test('firmware and pseudo-terminal run in a worker thread, the driver on the main thread', {
  timeout: 30_000,
}, async () => {
  const workerData = new URL('./host-worker.ts', import.meta.url).href
  const worker = new Worker(new URL('./typescript-worker.mjs', import.meta.url), { workerData })
  const [path] = (await once(worker, 'message')) as [string]
  const gripper = createGripper({ driver: 'robotiq-2f85', port: { path } }, { patience: 1000 })
  await gripper.connect()
  await gripper.move({ width: 0.04, speed: 0.15, effort: 20 })
  let status = await gripper.status()
  while (status.object === 'moving') status = await gripper.status()
  expect(status.width).toBeCloseTo(0.04, 3)
  await gripper.close()
  const exit = once(worker, 'exit')
  worker.postMessage('close')
  expect(await exit).toEqual([0])
})
