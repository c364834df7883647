import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import type { Contract } from '../contract/contract.js'
import { isEncoder, type EncoderContract } from '../contract/encoder-contract.js'
import { encoderDifferences, type HeadEncoder } from '../contract/head-encoder.js'
import { modelSha256 } from '../contract/external-data.js'
import type { OnnxModel } from '../contract/onnx-metadata.js'
import { tensorOf } from '../contract/output-spec.js'
import type { TensorData } from '../features/tensors.js'
import { PolicyError } from '../policy-error.js'
import type { EncodedFeatures, Encoder } from '../policy.js'
import { OnnxGraph, refuse, type Given, type OnnxGraphOptions } from './onnx-graph.js'
import { graphContractIn, readModel } from './read-model.js'

/** The head that an encoder feeds: its contract, and the file for messages. */
export interface FedHead {
  readonly contract: Contract
  readonly path: string
}

/** An ONNX model whose contract has features, in a process of its own. */
export class OnnxEncoder implements Encoder {
  readonly #graph: OnnxGraph<EncoderContract>
  /** The names of the features by the graph's own. */
  readonly #names: ReadonlyMap<string, string>

  /** Reads, checks and starts an encoder. `requireEncoder` finds no fault with it. Throws as `OnnxGraph.load`. */
  static async load(path: string, robot: Robot, options: OnnxGraphOptions): Promise<OnnxEncoder> {
    return new OnnxEncoder(await OnnxGraph.load(path, encoderContractIn, robot, options))
  }

  private constructor(graph: OnnxGraph<EncoderContract>) {
    this.#graph = graph
    const { features } = graph.contract
    this.#names = new Map(Object.entries(features).map(([name, spec]) => [tensorOf(name, spec), name]))
  }

  get name(): string {
    return this.contract.name
  }

  get contract(): EncoderContract {
    return this.#graph.contract
  }

  get ended(): PolicyError | undefined {
    return this.#graph.ended
  }

  /** Runs one inference at a time, in the order of the calls. Rejects as `OnnxGraph.run`. */
  encode(observation: Observation): Promise<EncodedFeatures> {
    const { stamp, episode } = observation
    return this.#graph.run(observation, (given, inferenceMs) => ({
      stamp,
      episode,
      values: this.#features(given),
      inferenceMs,
    }))
  }

  /** See `OnnxGraph.observe`. */
  observe(observation: Observation): Promise<void> {
    return this.#graph.observe(observation)
  }

  /** See `OnnxGraph.runTensors`. */
  runTensors(inputs: Readonly<Record<string, TensorData>>): Promise<ReadonlyMap<string, Float32Array>> {
    return this.#graph.runTensors(inputs)
  }

  close(): Promise<void> {
    return this.#graph.close()
  }

  /** Copies, in the graph's own types. */
  #features(given: Given): EncodedFeatures['values'] {
    return new Map([...given].map(([tensor, { data }]) => [this.#names.get(tensor) ?? tensor, data.slice()]))
  }
}

/**
 * Throws PolicyError `POLICY_ENCODER` where the model at `path` is no encoder, or not that of the head, with all
 * differences; where it cannot be read, as `readModel` and `graphContractIn`.
 */
export async function requireEncoder(path: string, head: FedHead): Promise<void> {
  const differences = encoderDifferences(head.contract, await readEncoder(path))
  refuse('POLICY_ENCODER', `${path}: is not the encoder of ${head.path}`, differences)
}

/** The contract and the sha256 of an encoder. Throws as `requireEncoder`. */
export async function readEncoder(path: string): Promise<HeadEncoder> {
  return { contract: encoderContractIn(await readModel(path), path), sha256: await modelSha256(path) }
}

function encoderContractIn(model: OnnxModel, path: string): EncoderContract {
  const contract = graphContractIn(model, path)
  if (isEncoder(contract)) return contract
  throw new PolicyError(
    'POLICY_ENCODER',
    `${path}: is no encoder: its contract has an action chunk and no features; name the encoder of the head`,
  )
}
