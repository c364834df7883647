/** Runs one model: 'run' infers from the shared inputs into the shared outputs and answers, 'close' ends the thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { Tensor, type InferenceSession } from 'onnxruntime-node'
import { elements } from './contract.js'
import { openSession } from './onnx-session.js'
import { view, type Slot, type TensorData } from './tensors.js'

export interface WorkerData {
  readonly path: string
  readonly memory: SharedArrayBuffer
  readonly inputs: readonly Slot[]
  readonly outputs: readonly Slot[]
  readonly intraOpNumThreads: number
}

/** `ms`: wall time of the inference alone. The first answer comes by itself, once the model has run on zeros. */
export type WorkerAnswer =
  | { readonly kind: 'done'; readonly ms: number }
  | { readonly kind: 'failed'; readonly during: 'load' | 'run'; readonly message: string }

/** onnxruntime refuses tensors on shared memory: each has a twin of its own. */
interface Twin {
  readonly shared: TensorData
  readonly own: TensorData
  readonly tensor: Tensor
}

const { path, memory, inputs, outputs, intraOpNumThreads } = workerData as WorkerData
const port = parentPort
if (port === null) throw new Error('onnx-policy-worker runs in a worker thread only')

const inputTwins = inputs.map(twin)
const outputTwins = outputs.map(twin)
const feeds = Object.fromEntries(inputs.map(({ name }, i) => [name, inputTwins[i].tensor]))
const fetches = Object.fromEntries(outputs.map(({ name }, i) => [name, outputTwins[i].tensor]))

const answer = (message: WorkerAnswer): void => port.postMessage(message)
const failed = (during: 'load' | 'run', error: unknown): void => answer({
  kind: 'failed', during, message: (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' '),
})

try {
  const session = await openSession(path, intraOpNumThreads)
  port.on('message', (message: 'run' | 'close') => {
    if (message === 'run') void run(session)
    else void session.release().finally(() => port.close())
  })
  await run(session)
} catch (error) {
  failed('load', error)
}

async function run(session: InferenceSession): Promise<void> {
  try {
    for (const { shared, own } of inputTwins) copy(shared, own)
    const start = performance.now()
    const results = await session.run(feeds, fetches)
    const ms = performance.now() - start
    outputs.forEach(({ name }, i) => copy(results[name].data as TensorData, outputTwins[i].shared))
    answer({ kind: 'done', ms })
  } catch (error) {
    failed('run', error)
  }
}

function twin(slot: Slot): Twin {
  const shared = view(slot, memory)
  const own = view({ ...slot, offset: 0 }, new ArrayBuffer(elements(slot.shape) * shared.BYTES_PER_ELEMENT))
  return { shared, own, tensor: new Tensor(slot.dtype, own as never, slot.shape) as unknown as Tensor }
}

/** Two tensors of one slot have one type and one length. */
function copy(from: TensorData, to: TensorData): void {
  (to as { set(values: TensorData): void }).set(from)
}
