import { beginsAnew, Features, sentInputs } from '../features/features.js'
import { float32Of, layout, view, type Slot, type TensorData } from '../features/tensors.js'
import type { Observation } from '../../fusion/observation.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import type { Robot } from '../../robots/robot.js'
import { requirePeers } from '../../peers/peers.js'
import { checkAgainstGraph } from '../contract/contract-graph.js'
import { checkAgainstRobot } from '../contract/contract-robot.js'
import { givenBy, type GraphContract } from '../contract/encoder-contract.js'
import type { OnnxModel, Precision } from '../contract/onnx-metadata.js'
import { outputTensors } from '../contract/output-spec.js'
import { PolicyError } from '../policy-error.js'
import type { EncodedFeatures } from '../policy.js'
import { InferenceProcess, PATIENCE } from './inference-process.js'
import type { StateSlots } from './inference-wire.js'
import { readModel } from './read-model.js'

/** The optional packages without which no ONNX model is run. */
export const ONNX_PACKAGES = ['onnxruntime-node', 'protobufjs'] as const

/** How a model is run. */
export interface OnnxGraphOptions {
  /** Threads that one operator may use. Default 1. */
  readonly intraOpNumThreads?: number
  /**
   * Most ms for one answer; loading and first run together count as one. A model that takes longer is ended. Default 30
   * 000.
   */
  readonly patience?: number
  /** Ends the loading. */
  readonly signal?: AbortSignal | undefined
}

/** The tensors that a run has given, by the graph's names. The next run overwrites them. */
export type Given = ReadonlyMap<string, { readonly slot: Slot; readonly data: TensorData }>

/**
 * A graph of ONNX with a contract. Inference runs in a process of its own. So the event loop stays free, and a model that
 * hangs or crashes can be ended. Observations are turned into tensors in this process.
 */
export class OnnxGraph<C extends GraphContract = GraphContract> {
  readonly contract: C
  /** The robot file that it was checked against. */
  readonly robot: Robot
  /** How its weights are stored. */
  readonly precision: Precision
  readonly #features: Features
  readonly #given: Given
  readonly #inputs: Uint8Array
  readonly #process: InferenceProcess
  #tail: Promise<unknown> = Promise.resolve()
  /** Number of observations that are not yet in the tensors or the histories. */
  #waiting = 0
  /** Of the observation of the latest run. The observation itself, with its pictures, is not kept. */
  #last: Pick<Observation, 'episode' | 'index'> = { episode: NaN, index: -1 }

  /**
   * Reads, checks and starts a model, and runs it once on zeros. `contractOf`: the contract in its metadata. Without
   * `robot` the robot of the contract is used. Throws PolicyError, with all differences, where the file, its contract, its
   * graph and the robot file do not fit together; RobotError, or MissingPackageError.
   */
  static async load<C extends GraphContract>(
    path: string,
    contractOf: (model: OnnxModel, path: string) => C | Promise<C>,
    robot: Robot | undefined,
    options: OnnxGraphOptions,
  ): Promise<OnnxGraph<C>> {
    requirePeers(path, ...ONNX_PACKAGES)
    const model = await readModel(path)
    const contract = await contractOf(model, path)
    refuse('POLICY_GRAPH', `${path}: its contract and its graph differ`, checkAgainstGraph(contract, model))
    const its = robot ?? parseRecordedRobot(contract.robot.canonical, `${path} (robot ${contract.robot.name})`)
    refuse('POLICY_ROBOT', `${path}: does not fit robot file ${its.name}`, checkAgainstRobot(contract, its))
    const graph = new OnnxGraph(path, contract, model.precision, its, options)
    try {
      await graph.#process.started(options.signal)
    } catch (error) {
      await graph.close()
      throw error
    }
    return graph
  }

  private constructor(path: string, contract: C, precision: Precision, robot: Robot, options: OnnxGraphOptions) {
    this.contract = contract
    this.robot = robot
    this.precision = precision
    const inputs = layout(sentInputs(contract.inputs))
    const outputs = layout(outputTensors(givenBy(contract)), inputs.end)
    const { states, stateBytes } = stateSlots(contract)
    const memory = new ArrayBuffer(outputs.end)
    this.#inputs = new Uint8Array(memory, 0, inputs.end)
    this.#features = new Features(contract, robot, memory)
    this.#given = new Map(outputs.slots.map(slot => [slot.name, { slot, data: view(slot, memory) }]))
    this.#process = new InferenceProcess(
      path,
      {
        path,
        inputs: inputs.slots,
        outputs: outputs.slots,
        inputBytes: inputs.end,
        outputBytes: outputs.end - inputs.end,
        states,
        stateBytes,
        intraOpNumThreads: options.intraOpNumThreads ?? 1,
      },
      new Uint8Array(memory, inputs.end),
      options.patience ?? PATIENCE,
    )
  }

  /** Also set when the process has crashed, hung or was ended from outside. */
  get ended(): PolicyError | undefined {
    return this.#process.ended
  }

  /**
   * Runs one inference at a time, in the order of the calls, also where features are waited for. `read` makes the answer
   * of what was given, of the ms that the inference took, and of the features. Rejects with PolicyError `POLICY_RUNTIME`,
   * `POLICY_INPUT` or `POLICY_CLOSED`, or as `encoded`. After `POLICY_INPUT`, and where the model itself has refused to
   * run, the graph can be used again.
   */
  run<Answer>(
    observation: Observation,
    read: (given: Given, inferenceMs: number, encoded: EncodedFeatures | undefined) => Answer,
    encoded?: EncodedFeatures | Promise<EncodedFeatures>,
  ): Promise<Answer> {
    this.#waiting++
    // It may reject before its turn comes.
    if (encoded instanceof Promise) encoded.catch(() => undefined)
    const answer = this.#tail.then(async () => {
      const features = encoded instanceof Promise ? await this.#awaited(observation, encoded) : encoded
      this.#waiting--
      if (this.#process.ended) throw this.#process.ended
      this.#features.fill(observation, features?.values)
      const begins = beginsAnew(observation, this.#last)
      const inferenceMs = await this.#process.run(this.#inputs, { begins })
      this.#last = { episode: observation.episode, index: observation.index }
      return read(this.#given, inferenceMs, features)
    })
    this.#tail = answer.catch(() => undefined)
    return answer
  }

  /**
   * Takes an observation that no answer is wanted for into the histories. Rejects with PolicyError `POLICY_INPUT` or
   * `POLICY_CLOSED`.
   */
  async observe(observation: Observation): Promise<void> {
    if (!this.#features.remembers) return
    // A run does not read the histories. So this waits only for observations that came before and are not yet in them.
    if (this.#waiting > 0) {
      this.#waiting++
      const observed = this.#tail.then(() => {
        this.#waiting--
        this.#observe(observation)
      })
      this.#tail = observed.catch(() => undefined)
      await observed
    } else this.#observe(observation)
  }

  /**
   * Runs the graph on tensors as they are: those of the inputs that are sent, by name, and states as they begin. Resolves with
   * what it gives by the graph's names, as float32. Histories and states of a run end. Rejects as `run`.
   */
  async runTensors(inputs: Readonly<Record<string, TensorData>>): Promise<ReadonlyMap<string, Float32Array>> {
    const results = this.#tail.then(async () => {
      if (this.#process.ended) throw this.#process.ended
      for (const [name, tensor] of Object.entries(this.#features.tensors))
        (tensor as { set(values: TensorData): void }).set(inputs[name]!)
      await this.#process.run(this.#inputs, { begins: true })
      this.#last = { episode: NaN, index: -1 }
      return new Map([...this.#given].map(([name, { slot, data }]) => [name, float32Of(data, slot.dtype)]))
    })
    this.#tail = results.catch(() => undefined)
    return results
  }

  /** Waits at most one second for running inferences, then ends the process. */
  close(): Promise<void> {
    return this.#process.close(this.#tail)
  }

  #observe(observation: Observation): void {
    if (this.#process.ended) throw this.#process.ended
    this.#features.observe(observation)
  }

  /** The features of an observation. Where there are none, the observation is in the histories all the same. */
  async #awaited(observation: Observation, encoded: Promise<EncodedFeatures>): Promise<EncodedFeatures> {
    try {
      return await encoded
    } catch (error) {
      this.#waiting--
      this.#observe(observation)
      throw error
    }
  }
}

/** The slots of a contract's states: all inputs, then all outputs. */
function stateSlots({ inputs }: GraphContract): {
  readonly states: readonly StateSlots[]
  readonly stateBytes: number
} {
  const all = Object.entries(inputs).flatMap(([name, input]) => (input.as === 'state' ? [[name, input] as const] : []))
  const into = layout(Object.fromEntries(all))
  const out = layout(
    Object.fromEntries(all.map(([, { output, dtype, shape }]) => [output, { dtype, shape }])),
    into.end,
  )
  const states = into.slots.flatMap((input, i) => {
    const { output: name, initial = 0 } = all[i]![1]
    return out.slots.filter(each => each.name === name).map(output => ({ input, output, initial }))
  })
  return { states, stateBytes: out.end }
}

/** Throws PolicyError `code` with all differences in one line, where there are any. */
export function refuse(code: string, what: string, differences: readonly string[]): void {
  if (differences.length > 0) throw new PolicyError(code, `${what}: ${differences.join('; ')}`, { differences })
}
