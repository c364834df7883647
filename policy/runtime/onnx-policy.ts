import type { Observation } from '../../fusion/observation.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import type { Robot } from '../../robots/robot.js'
import { checkAgainstRobot } from '../contract/contract-robot.js'
import { CONTRACT_KEY, parseContract, type Contract } from '../contract/contract.js'
import { Features } from '../features/features.js'
import { InferenceProcess, PATIENCE } from './inference-process.js'
import { readModelFile } from '../contract/model-file.js'
import { checkAgainstGraph, readOnnx, type OnnxModel, type Precision } from '../contract/onnx-metadata.js'
import { PolicyError } from '../policy-error.js'
import type { ActionChunk, Policy } from '../policy.js'
import { layout, view, type TensorData } from '../features/tensors.js'

export interface OnnxPolicyOptions {
  /** Threads that one operator may use. Default 1. */
  readonly intraOpNumThreads?: number
  /** ms for one answer, the loading and the first run included; a model that takes longer is ended. Default 30 000. */
  readonly patience?: number
  /** Ends the loading. */
  readonly signal?: AbortSignal | undefined
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
    throw new PolicyError(
      'POLICY_NO_CONTRACT',
      `${path}: has no policy contract (metadata ${CONTRACT_KEY}); see docs/reference/policy-contract.md`,
    )
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
 * An ONNX model with a contract. Inference runs in a process of its own, so that the event loop stays free and a model
 * that hangs or crashes can be ended; observations become tensors here.
 */
export class OnnxPolicy implements Policy {
  readonly contract: Contract
  /** What its weights are stored in. */
  readonly precision: Precision
  readonly #features: Features
  readonly #outputs: Readonly<Record<string, TensorData>>
  readonly #toolStream: string | undefined
  readonly #inputs: Uint8Array
  readonly #process: InferenceProcess
  #tail: Promise<unknown> = Promise.resolve()

  /**
   * Reads, checks and starts a model, and runs it once on zeros. Without a robot its own is taken, from the contract.
   * Throws PolicyError where the file, its contract, its graph and the robot file do not fit together, with the list of
   * what differs, or RobotError.
   */
  static async load(path: string, robot?: Robot, options: OnnxPolicyOptions = {}): Promise<OnnxPolicy> {
    const model = await readModel(path)
    const contract = contractIn(model, path)
    refuse('POLICY_GRAPH', `${path}: its contract and its graph differ`, checkAgainstGraph(contract, model))
    const its = robot ?? parseRecordedRobot(contract.robot.canonical, `${path} (robot ${contract.robot.name})`)
    refuse('POLICY_ROBOT', `${path}: does not fit robot file ${its.name}`, checkAgainstRobot(contract, its))
    const policy = new OnnxPolicy(path, contract, model.precision, its, options)
    try {
      await policy.#process.started(options.signal)
    } catch (error) {
      await policy.close()
      throw error
    }
    return policy
  }

  private constructor(
    path: string,
    contract: Contract,
    precision: Precision,
    robot: Robot,
    options: OnnxPolicyOptions,
  ) {
    this.contract = contract
    this.precision = precision
    const inputs = layout(contract.inputs)
    const outputs = layout(contract.outputs, inputs.end)
    const memory = new ArrayBuffer(outputs.end)
    this.#inputs = new Uint8Array(memory, 0, inputs.end)
    this.#features = new Features(contract, robot, memory)
    this.#outputs = Object.fromEntries(outputs.slots.map(slot => [slot.name, view(slot, memory)]))
    this.#toolStream = robot.actions.arm?.pose
    this.#process = new InferenceProcess(
      path,
      {
        path,
        inputs: inputs.slots,
        outputs: outputs.slots,
        inputBytes: inputs.end,
        outputBytes: outputs.end - inputs.end,
        intraOpNumThreads: options.intraOpNumThreads ?? 1,
      },
      new Uint8Array(memory, inputs.end),
      options.patience ?? PATIENCE,
    )
  }

  get name(): string {
    return this.contract.name
  }

  /** Also once its process has crashed, hung or was ended by others. */
  get ended(): PolicyError | undefined {
    return this.#process.ended
  }

  /**
   * One at a time, in the order of the calls. The chunk's origin is the tool pose of the observation: NaN where the
   * robot's tool pose is missing from it, the identity where the robot has no arm. Rejects with PolicyError
   * `POLICY_RUNTIME`, `POLICY_INPUT` or `POLICY_CLOSED`; after `POLICY_INPUT`, and where the model itself refused to
   * run, the policy can be asked again.
   */
  infer(observation: Observation): Promise<ActionChunk> {
    const chunk = this.#tail.then(() => this.#infer(observation))
    this.#tail = chunk.catch(() => undefined)
    return chunk
  }

  /** Waits a second at most for the inferences asked for, then ends the process. */
  close(): Promise<void> {
    return this.#process.close(this.#tail)
  }

  async #infer(observation: Observation): Promise<ActionChunk> {
    if (this.#process.ended) throw this.#process.ended
    this.#features.fill(observation)
    return this.#chunk(observation, await this.#process.run(this.#inputs))
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
