import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Observation } from '../observation.js'
import { parseRecordedRobot } from '../robot/recorded-robot.js'
import type { Robot } from '../robot/robot.js'
import { checkAgainstRobot } from './contract-robot.js'
import { CONTRACT_KEY, parseContract, type Contract } from './contract.js'
import { Features } from './features.js'
import { readModelFile } from './model-file.js'
import { checkAgainstGraph, readOnnx, type OnnxModel } from './onnx-metadata.js'
import type { WorkerAnswer, WorkerData } from './onnx-policy-worker.js'
import { PolicyError } from './policy-error.js'
import type { ActionChunk, Policy } from './policy.js'
import { layout, view, type TensorData } from './tensors.js'

export interface OnnxPolicyOptions {
  /** Threads that one operator may use. Default 1. */
  readonly intraOpNumThreads?: number
}

const IDENTITY = Float64Array.of(0, 0, 0, 0, 0, 0, 1)

/** The description of an ONNX file. Throws PolicyError `POLICY_UNREADABLE` or `POLICY_NOT_ONNX`. */
export async function readModel(path: string): Promise<OnnxModel> {
  let bytes: Uint8Array
  try {
    bytes = await readModelFile(path)
  } catch (error) {
    throw new PolicyError('POLICY_UNREADABLE', `${path}: cannot read this model: ${reasonOf(error)}`, { cause: error })
  }
  return readOnnx(bytes, path)
}

/** The contract in a model's metadata. Throws PolicyError `POLICY_NO_CONTRACT` or `POLICY_CONTRACT`. */
export function contractIn(model: OnnxModel, path: string): Contract {
  const text = model.metadata.get(CONTRACT_KEY)
  if (text === undefined) {
    throw new PolicyError('POLICY_NO_CONTRACT', `${path}: has no policy contract (metadata ${CONTRACT_KEY}); see docs/reference/policy-contract.md`)
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new PolicyError('POLICY_CONTRACT', `${path}: its ${CONTRACT_KEY} is not JSON`, { cause: error })
  }
  return parseContract(value, path)
}

/** The contract of an ONNX file. */
export async function contractOf(path: string): Promise<Contract> {
  return contractIn(await readModel(path), path)
}

/**
 * An ONNX model with a contract. Inference runs in a worker thread of its own, so that the event loop stays free; observations become
 * tensors on the caller's thread, in memory that both share.
 */
export class OnnxPolicy implements Policy {
  readonly contract: Contract
  readonly #features: Features
  readonly #outputs: Readonly<Record<string, TensorData>>
  readonly #toolStream: string | undefined
  readonly #worker: Worker
  #tail: Promise<unknown> = Promise.resolve()
  #answer: { resolve: (answer: WorkerAnswer) => void; reject: (error: PolicyError) => void } | undefined
  #ended: PolicyError | undefined

  /**
   * Reads, checks and starts a model, and runs it once on zeros. Without a robot its own is taken, from the contract. Throws PolicyError
   * where the file, its contract, its graph and the robot file do not fit together, with the list of what differs, or RobotError.
   */
  static async load(path: string, robot?: Robot, options: OnnxPolicyOptions = {}): Promise<OnnxPolicy> {
    const model = await readModel(path)
    const contract = contractIn(model, path)
    refuse('POLICY_GRAPH', `${path}: its contract and its graph differ`, checkAgainstGraph(contract, model))
    const its = robot ?? parseRecordedRobot(contract.robot.canonical, `${path} (robot ${contract.robot.name})`)
    refuse('POLICY_ROBOT', `${path}: does not fit robot file ${its.name}`, checkAgainstRobot(contract, its))
    const policy = new OnnxPolicy(path, contract, its, options)
    try {
      await policy.#next()
    } catch (error) {
      await policy.close()
      throw error
    }
    policy.#worker.unref()
    return policy
  }

  private constructor(path: string, contract: Contract, robot: Robot, options: OnnxPolicyOptions) {
    this.contract = contract
    const inputs = layout(contract.inputs)
    const outputs = layout(contract.outputs, inputs.end)
    const memory = new SharedArrayBuffer(outputs.end)
    this.#features = new Features(contract, robot, memory)
    this.#outputs = Object.fromEntries(outputs.slots.map(slot => [slot.name, view(slot, memory)]))
    this.#toolStream = robot.actions.arm?.pose
    const workerData: WorkerData = { path, memory, inputs: inputs.slots, outputs: outputs.slots, intraOpNumThreads: options.intraOpNumThreads ?? 1 }
    this.#worker = spawn(workerData)
    this.#worker.on('message', (answer: WorkerAnswer) => this.#take(answer, path))
    this.#worker.on('error', error => this.#end(new PolicyError('POLICY_RUNTIME', `${path}: the inference thread failed: ${oneLine(error)}`, { cause: error })))
    this.#worker.on('exit', () => this.#end(new PolicyError('POLICY_CLOSED', `${path}: the policy is closed`)))
  }

  get name(): string {
    return this.contract.name
  }

  /**
   * One at a time, in the order of the calls. The chunk's origin is the tool pose of the observation: NaN where the robot's tool pose
   * is missing from it, the identity where the robot has no arm. Rejects with PolicyError `POLICY_RUNTIME`, `POLICY_INPUT` or
   * `POLICY_CLOSED`; the policy can be asked again after the first two.
   */
  infer(observation: Observation): Promise<ActionChunk> {
    const chunk = this.#tail.then(() => this.#infer(observation))
    this.#tail = chunk.catch(() => undefined)
    return chunk
  }

  /** Waits for the inferences asked for, then ends the thread. */
  async close(): Promise<void> {
    await this.#tail
    if (this.#ended?.code === 'POLICY_CLOSED') return
    this.#worker.ref()
    const exited = new Promise<void>(resolve => this.#worker.once('exit', () => resolve()))
    if (this.#ended === undefined) this.#worker.postMessage('close')
    else await this.#worker.terminate()
    if (this.#worker.threadId >= 0) await exited
  }

  async #infer(observation: Observation): Promise<ActionChunk> {
    if (this.#ended) throw this.#ended
    this.#features.fill(observation)
    const answered = this.#next()
    this.#worker.ref()
    this.#worker.postMessage('run')
    try {
      const { ms } = await answered
      return this.#chunk(observation, ms)
    } finally {
      this.#worker.unref()
    }
  }

  #chunk(observation: Observation, inferenceMs: number): ActionChunk {
    const copy = (name: string): Float32Array | undefined => (this.#outputs[name] as Float32Array | undefined)?.slice()
    return {
      stamp: observation.stamp,
      rate: this.contract.outputs.action_chunk.rate,
      data: copy('action_chunk') as Float32Array,
      origin: this.#origin(observation),
      graspSuccess: copy('grasp_success')?.[0],
      gate: copy('gate'),
      latent: copy('latent'),
      inferenceMs,
    }
  }

  #origin(observation: Observation): Float64Array {
    if (this.#toolStream === undefined) return IDENTITY.slice()
    const value = observation.values.get(this.#toolStream)
    return value?.kind === 'vector' ? value.data.slice() : new Float64Array(7).fill(NaN)
  }

  /** The worker's next answer. */
  #next(): Promise<WorkerAnswer & { kind: 'done' }> {
    return new Promise<WorkerAnswer>((resolve, reject) => {
      if (this.#ended) reject(this.#ended)
      else this.#answer = { resolve, reject }
    }) as Promise<WorkerAnswer & { kind: 'done' }>
  }

  #take(answer: WorkerAnswer, path: string): void {
    const waiting = this.#answer
    this.#answer = undefined
    if (answer.kind === 'done') waiting?.resolve(answer)
    else waiting?.reject(new PolicyError('POLICY_RUNTIME', `${path}: the model does not ${answer.during}: ${answer.message}`))
  }

  #end(error: PolicyError): void {
    this.#ended ??= error
    this.#answer?.reject(this.#ended)
    this.#answer = undefined
  }
}

function spawn(workerData: WorkerData): Worker {
  const extension = extname(import.meta.url)
  const entry = new URL(`./onnx-policy-worker${extension}`, import.meta.url)
  if (extension !== '.ts') return new Worker(entry, { workerData, execArgv: [] })
  return new Worker(new URL('./worker-from-source.mjs', import.meta.url), { workerData, execArgv: [], argv: [entry.href] })
}

function refuse(code: string, what: string, differences: readonly string[]): void {
  if (differences.length > 0) throw new PolicyError(code, `${what}: ${differences.join('; ')}`, { differences })
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s*\n\s*/g, ' ')
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file; name an ONNX model'
  if (code === 'EACCES') return 'it may not be read'
  return oneLine(error)
}
