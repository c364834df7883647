/**
 * Runs one model for an InferenceProcess, on the inputs that come over the pipe. It ends when the pipe is closed or the
 * process at the other end is gone.
 */
import { readSync, writeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { Tensor, type InferenceSession } from 'onnxruntime-node'
import { ANSWER, WIRE, type ProgramOptions, type StateSlots } from './inference-wire.js'
import { openSession } from './onnx-session.js'
import { view, write, type Slot, type TensorData } from '../features/tensors.js'

const { path, parent, inputs, outputs, inputBytes, outputBytes, states, stateBytes, intraOpNumThreads } = JSON.parse(
  process.argv.at(-1) ?? '',
) as ProgramOptions
// Between two runs this thread notices that the pipe was closed. During a run it is blocked, and a model that hangs
// blocks it for ever. So another thread checks every half second whether the parent process is still there.
new Worker(
  `
  const { workerData: parent } = require('node:worker_threads')
  setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 500)
`,
  { eval: true, workerData: parent },
).unref()

const memory = new ArrayBuffer(inputBytes + outputBytes)
const request = new Uint8Array(memory, 0, inputBytes)
const stateMemory = new ArrayBuffer(stateBytes)
const begins = Buffer.alloc(states.length > 0 ? 1 : 0)
const response = new Uint8Array(memory, inputBytes)
const head = Buffer.alloc(ANSWER.head)

const tensors = (slots: readonly Slot[], block: ArrayBuffer): Record<string, Tensor> =>
  Object.fromEntries(slots.map(slot => [slot.name, new Tensor(slot.dtype, view(slot, block) as never, slot.shape)]))
const stateOutputs = states.map(({ output }) => output)
const feeds = {
  ...tensors(inputs, memory),
  ...tensors(
    states.map(({ input }) => input),
    stateMemory,
  ),
}
const fetches = { ...tensors(stateOutputs, stateMemory), ...tensors(outputs, memory) }

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
    for (const slot of outputs) take(results[slot.name]!, bytesOf(slot, memory), slot)
    for (const { input, output } of states) take(results[output.name]!, bytesOf(input, stateMemory), output)
    answer(ANSWER.done, response, ms)
  } catch (error) {
    refuse(ANSWER.notRun, error)
  }
}

/** Copies an output, unless it lies there already. Throws an Error where it has another size than the contract says. */
function take({ data }: Tensor, to: Uint8Array, { name }: Slot): void {
  const { buffer, byteOffset, byteLength } = data as TensorData
  if (buffer === to.buffer && byteOffset === to.byteOffset) return
  if (byteLength !== to.length)
    throw new Error(`output ${name} has ${byteLength} bytes, and the contract says ${to.length}`)
  to.set(new Uint8Array(buffer, byteOffset, byteLength))
}

function bytesOf(slot: Slot, block: ArrayBuffer): Uint8Array {
  const { byteOffset, byteLength } = view(slot, block)
  return new Uint8Array(block, byteOffset, byteLength)
}

/** Waits for the next request. False where the pipe was closed. */
function received(): boolean {
  for (const part of [request, begins]) {
    for (let at = 0; at < part.length; ) {
      const count = readSync(WIRE, part, at, part.length - at, null)
      if (count === 0) return false
      at += count
    }
  }
  if (begins[0] === 1) for (const state of states) begin(state)
  return true
}

/** Gives a state its first values. */
function begin({ input, initial }: StateSlots): void {
  const state = view(input, stateMemory)
  write(
    Float64Array.from({ length: state.length }, (_, i) => (typeof initial === 'number' ? initial : initial[i]!)),
    state,
    input.dtype,
  )
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
