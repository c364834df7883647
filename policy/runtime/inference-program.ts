/**
 * Runs one model for an InferenceProcess, on the inputs that come over the wire, until the wire ends or the process at
 * its other end is gone.
 */
import { readSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { Tensor, type InferenceSession } from 'onnxruntime-node'
import { ANSWER, WIRE, type ProgramOptions } from './inference-wire.js'
import { openSession } from './onnx-session.js'
import { view, type Slot, type TensorData } from '../features/tensors.js'

const { path, parent, inputs, outputs, inputBytes, outputBytes, intraOpNumThreads } = JSON.parse(
  process.argv.at(-1) ?? '',
) as ProgramOptions
// The end of the wire is seen between two runs; a model that hangs comes to none. While it runs this thread stands
// still, so another one looks, every half second.
new Worker(
  `
  const { workerData: parent } = require('node:worker_threads')
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500)
`,
  { eval: true, workerData: parent },
).unref()

const memory = new ArrayBuffer(inputBytes + outputBytes)
const request = new Uint8Array(memory, 0, inputBytes)
const response = new Uint8Array(memory, inputBytes)
const head = Buffer.alloc(ANSWER.head)

const tensors = (slots: readonly Slot[]): Record<string, Tensor> =>
  Object.fromEntries(slots.map(slot => [slot.name, new Tensor(slot.dtype, view(slot, memory) as never, slot.shape)]))
const [feeds, fetches] = [tensors(inputs), tensors(outputs)]

try {
  const session = await openSession(path, intraOpNumThreads)
  do await run(session)
  while (received())
} catch (error) {
  refuse(ANSWER.notLoaded, error)
}

async function run(session: InferenceSession): Promise<void> {
  try {
    const start = performance.now()
    const results = await session.run(feeds, fetches)
    const ms = performance.now() - start
    for (const slot of outputs) {
      const [own, given] = [view(slot, memory), results[slot.name]!.data as TensorData]
      if (given.buffer !== memory) (own as { set(values: TensorData): void }).set(given)
    }
    answer(ANSWER.done, response, ms)
  } catch (error) {
    refuse(ANSWER.notRun, error)
  }
}

/** Waits for the next request; false: there is none any more. */
function received(): boolean {
  for (let at = 0; at < inputBytes; ) {
    const count = readSync(WIRE, request, at, inputBytes - at, null)
    if (count === 0) return false
    at += count
  }
  return true
}

function refuse(kind: number, error: unknown): void {
  answer(kind, Buffer.from((error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')), 0)
}

function answer(kind: number, body: Uint8Array, ms: number): void {
  head[ANSWER.kind] = kind
  head.writeUInt32LE(body.length, ANSWER.length)
  head.writeDoubleLE(ms, ANSWER.ms)
  for (const part of [head, body]) for (let at = 0; at < part.length; ) at += writeSync(WIRE, part, at)
}
