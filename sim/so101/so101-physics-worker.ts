import { parentPort, workerData } from 'node:worker_threads'
import type { FromPhysics, PhysicsInit } from './protocol.js'
import { startPhysics } from './so101-physics.js'

const main = parentPort
if (main === null) throw new Error('so101-physics-worker runs as a worker thread only')
const post = (message: FromPhysics): void => {
  main.postMessage(message)
  if (message.type === 'closed') main.close()
}

try {
  main.on('message', await startPhysics(workerData as PhysicsInit, post))
} catch (error) {
  const { code = 'CELL_FAILED', message } = error as { code?: string; message: string }
  post({ type: 'failed', code, message })
}
