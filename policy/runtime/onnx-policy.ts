import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import type { ActionGroup } from '../action/action-kind.js'
import { ChunkUnits } from '../contract/chunk-units.js'
import type { Contract } from '../contract/contract.js'
import { actionGroups } from '../contract/group-spec.js'
import { isHead, maxAge } from '../contract/head-spec.js'
import { headTicks } from '../contract/head-streams.js'
import type { OnnxModel, Precision } from '../contract/onnx-metadata.js'
import { tensorOf } from '../contract/output-spec.js'
import { ChunkOrigin } from '../features/chunk-origin.js'
import { MixedOffsets } from '../features/mixed-offsets.js'
import { float32Of, type TensorData } from '../features/tensors.js'
import { PolicyError } from '../policy-error.js'
import type { ActionChunk, EncodedFeatures, Head, Policy } from '../policy.js'
import { OnnxEncoder, requireEncoder } from './onnx-encoder.js'
import { OnnxGraph, type Given, type OnnxGraphOptions } from './onnx-graph.js'
import { contractIn } from './read-model.js'

/** How a policy is run. */
export interface OnnxPolicyOptions extends OnnxGraphOptions {
  /** The file of its encoder: for a policy that is a head, and for no other. */
  readonly encoder?: string | undefined
}

const IDENTITY = Float64Array.of(0, 0, 0, 0, 0, 0, 1)

/**
 * An ONNX model whose contract has an action chunk. A head has an encoder beside it, in a process of its own, so that
 * neither waits for the other.
 */
export class OnnxPolicy implements Policy {
  readonly contract: Contract
  /** How its weights are stored. */
  readonly precision: Precision
  readonly head: Head | undefined
  readonly #graph: OnnxGraph<Contract>
  readonly #encoder: OnnxEncoder | undefined
  readonly #toolStream: string | undefined
  /** Of contract version 2. Undefined: version 1. */
  readonly #version2: Version2 | undefined

  /**
   * Reads, checks and starts a model, and runs it once on zeros; for a head the encoder too. Without `robot` the robot of
   * the contract is used. Throws PolicyError, with all differences, where the file, its contract, its graph, its encoder
   * and the robot file do not fit together; RobotError, or MissingPackageError.
   */
  static async load(path: string, robot?: Robot, options: OnnxPolicyOptions = {}): Promise<OnnxPolicy> {
    const { encoder: encoderPath, ...how } = options
    const graph = await OnnxGraph.load(path, (model, where) => policyContract(model, where, encoderPath), robot, how)
    const { contract } = graph
    if (encoderPath === undefined || !isHead(contract)) return new OnnxPolicy(graph, undefined)
    try {
      return new OnnxPolicy(graph, await OnnxEncoder.load(encoderPath, graph.robot, how))
    } catch (error) {
      await graph.close()
      throw error
    }
  }

  private constructor(graph: OnnxGraph<Contract>, encoder: OnnxEncoder | undefined) {
    const { contract, robot } = graph
    this.contract = contract
    this.precision = graph.precision
    this.#graph = graph
    this.#encoder = encoder
    this.#toolStream = robot.actions.arm?.pose
    this.#version2 = version2Of(contract, robot)
    const ticks = headTicks(contract, robot)
    if (encoder && ticks && isHead(contract)) this.head = { ticks, maxAge: maxAge(contract), encoder }
  }

  get name(): string {
    return this.contract.name
  }

  /** Also set when a process has crashed, hung or was ended from outside. */
  get ended(): PolicyError | undefined {
    return this.#graph.ended ?? this.#encoder?.ended
  }

  /**
   * Runs one inference at a time, in the order of the calls. A head needs the features of its encoder. The origin of the
   * chunk is the tool pose of the observation: NaN where the tool pose is missing, the identity where the robot has no
   * arm. Rejects with PolicyError `POLICY_RUNTIME`, `POLICY_INPUT` or `POLICY_CLOSED`, or as the features. After
   * `POLICY_INPUT`, and where the model itself has refused to run, the policy can be used again.
   */
  infer(observation: Observation, features?: EncodedFeatures | Promise<EncodedFeatures>): Promise<ActionChunk> {
    return this.#graph.run(
      observation,
      (given, inferenceMs, encoded) => this.#chunk(observation, given, inferenceMs, encoded),
      features,
    )
  }

  /** See `OnnxGraph.observe`. */
  observe(observation: Observation): Promise<void> {
    return this.#graph.observe(observation)
  }

  /** See `OnnxGraph.runTensors`. */
  runTensors(inputs: Readonly<Record<string, TensorData>>): Promise<ReadonlyMap<string, Float32Array>> {
    return this.#graph.runTensors(inputs)
  }

  /** Waits at most one second for running inferences, then ends the processes. */
  async close(): Promise<void> {
    await Promise.all([this.#graph.close(), this.#encoder?.close()])
  }

  #chunk(
    observation: Observation,
    given: Given,
    inferenceMs: number,
    encoded: EncodedFeatures | undefined,
  ): ActionChunk {
    const { outputs } = this.contract
    const copy = (name: keyof typeof outputs): Float32Array | undefined => {
      const output = given.get(tensorOf(name, outputs[name]))
      return output && float32Of(output.data, output.slot.dtype)
    }
    const data = copy('action_chunk') as Float32Array
    const version2 = this.#version2
    version2?.units.convert(data)
    version2?.offsets.addTo(data, observation)
    return {
      stamp: observation.stamp,
      rate: this.contract.outputs.action_chunk.rate,
      data,
      origin: version2 ? version2.origin.of(observation) : this.#origin(observation),
      ...(version2 && { groups: version2.groups }),
      ...(encoded && { featureStamp: encoded.stamp }),
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

/**
 * The contract of a policy. Throws PolicyError `POLICY_ENCODER` for a head without its encoder, and where none is needed.
 * So that is known before anything is started.
 */
async function policyContract(model: OnnxModel, path: string, encoder: string | undefined): Promise<Contract> {
  const contract = contractIn(model, path)
  if (isHead(contract) && encoder === undefined) {
    const names = Object.values(contract.inputs).flatMap(input => (input.as === 'feature' ? [input.output] : []))
    throw new PolicyError(
      'POLICY_ENCODER',
      `${path}: is a head, which takes ${names.join(', ')} of an encoder (sha256 ${contract.encoder.sha256.slice(0, 12)}): ` +
        'name that with --encoder',
    )
  }
  if (encoder === undefined) return contract
  if (isHead(contract)) {
    await requireEncoder(encoder, { contract, path })
    return contract
  }
  throw new PolicyError(
    'POLICY_ENCODER',
    `${path}: takes no features, so it has no encoder: leave --encoder ${encoder} away`,
  )
}

/** What a chunk of contract version 2 needs beside its numbers. */
interface Version2 {
  readonly groups: readonly ActionGroup[]
  readonly units: ChunkUnits
  readonly offsets: MixedOffsets
  readonly origin: ChunkOrigin
}

function version2Of({ outputs: { action_chunk: chunk } }: Contract, robot: Robot): Version2 | undefined {
  if (!('groups' in chunk)) return undefined
  const groups = actionGroups(chunk.groups)
  return {
    groups,
    units: new ChunkUnits(chunk.groups),
    offsets: new MixedOffsets(robot, chunk.groups),
    origin: new ChunkOrigin(robot, groups),
  }
}
