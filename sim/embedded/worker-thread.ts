import type { EventEmitter } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { SimError } from '../sim-error.js'

/** The thread that draws one camera's pictures. */
export const CAMERA_WORKER = new URL('./camera-worker', import.meta.url)

/** What a thread posts when it could not start. */
interface Failed {
  readonly type: 'failed'
  readonly code: string
  readonly message: string
}
const isFailed = (message: { readonly type: string }): message is Failed => message.type === 'failed'

/** Starts a worker. `module`: its entry without the extension, which is that of this file. */
export function spawnWorker(module: URL, workerData: object, transferList: readonly MessagePort[]): Worker {
  const extension = extname(import.meta.url)
  const entry = new URL(module.href + extension)
  const common = { workerData, transferList: [...transferList], execArgv: [] }
  if (extension !== '.ts') return new Worker(entry, common)
  return new Worker(new URL('./worker-from-source.mjs', import.meta.url), { ...common, argv: [entry.href] })
}

/** The first message of a thread. A failure rejects with a SimError. */
export function firstMessage<T extends { readonly type: string }>(worker: EventEmitter): Promise<T> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (message: T | Failed) => {
      worker.off('error', reject)
      if (isFailed(message)) reject(new SimError(message.code, message.message))
      else resolve(message)
    })
  })
}
