import { elements } from '../../policy/contract/shape.js'
import type { Contract } from '../../policy/contract/contract.js'
import { historyOf } from '../../policy/contract/input-spec.js'
import { Features } from '../../policy/features/features.js'
import { Tokenizer } from '../../policy/features/tokens.js'
import { AUX } from '../session/demonstration.js'
import { UsageError } from '../output/output.js'
import { colourAndDepth, noHistories, type MakeFile, type NumpyArrays } from './numpy-arrays.js'
import type { AnsweredObservation, Recording } from './training-set.js'

/** The arrays of the set, and what the policy contract calls each. */
const INPUTS = {
  rgbd: 'rgbd',
  force_pyramid: 'pyramid',
  voice_tokens: 'tokens',
  voice_age: 'ages',
  proprioception: 'vector',
  modality_mask: 'mask',
} as const
/** The arrays that are written as they are. `rgbd` is written as colour (u8) and depth (u16, mm). */
const PLAIN = Object.keys(INPUTS).filter(name => name !== 'rgbd')

/** Sets under a contract of version 1: the inputs, chunks and labels of the grasp policy that comes with the package. */
export const graspArrays = {
  check(contract: Contract, path: string): void {
    const missing = Object.entries(INPUTS)
      .filter(([name, kind]) => contract.inputs[name]?.as !== kind)
      .map(([name, kind]) => `${name} (${kind})`)
    if (missing.length > 0)
      throw new UsageError(
        `${path}: a numpy set is made of inputs that it does not have: ${missing.join(', ')}; ` +
          'write version 2, or say --format lerobot, which asks for no contract',
      )
    const remembering = Object.keys(INPUTS).filter(name => {
      const input = contract.inputs[name]
      return input !== undefined && historyOf(input) !== undefined
    })
    if (remembering.length > 0) throw noHistories(path, remembering)
  },
  open: (make: MakeFile, contract: Contract, { robot }: Recording): NumpyArrays =>
    new GraspArrays(make, contract, new Features(contract, robot)),
}

class GraspArrays implements NumpyArrays {
  readonly aux = AUX
  readonly #features: Features
  readonly #tokenizer: Tokenizer
  /** Number of words of one event. */
  readonly #words: number
  readonly #values: number
  readonly #files: Readonly<Record<string, ReturnType<MakeFile>>>
  readonly #pixels: number

  constructor(make: MakeFile, contract: Contract, features: Features) {
    this.#features = features
    this.#tokenizer = new Tokenizer(contract.vocabulary)
    const { voice_tokens: tokens } = contract.inputs
    this.#words = tokens?.as === 'tokens' ? tokens.per_event : 0
    const { shape } = contract.outputs.action_chunk
    this.#values = elements(shape)
    const [, , height = 0, width = 0] = contract.inputs.rgbd!.shape
    this.#pixels = width * height
    const shapeOf = (name: string): readonly number[] => contract.inputs[name]!.shape.slice(1)
    this.#files = {
      rgb: make('rgb', '|u1', [height, width, 3]),
      depth: make('depth', '<u2', [height, width]),
      ...Object.fromEntries(
        PLAIN.map(name => [name, make(name, name === 'voice_tokens' ? '<i8' : '<f4', shapeOf(name))]),
      ),
      action_chunk: make('action_chunk', '<f4', shape.slice(1)),
      aux: make('aux', '<f4', [AUX.length]),
      instead_tokens: make('instead_tokens', '<i8', [this.#words]),
      instead_chunk: make('instead_chunk', '<f4', shape.slice(1)),
      instead_aux: make('instead_aux', '<f4', [AUX.length]),
    }
  }

  /** A chunk must have at least as many rows as the contract asks for. */
  add({ observation, chunk, aux, instead }: AnsweredObservation): void {
    if (chunk === undefined || chunk.groups !== undefined)
      throw new UsageError(
        'a numpy set under a contract of version 1 has chunks of version 1, from the expert or a policy of the first ' +
          'cell: say --format lerobot, or give a --contract of version 2',
      )
    const values = this.#values
    if (chunk.data.length < values)
      throw new UsageError(
        `the expert's chunks have ${chunk.data.length / 6} rows; the contract asks for ${values / 6}`,
      )
    if (aux === undefined)
      throw new UsageError(
        "numpy sets need the expert's answers (/expert/aux): record with prehend run --demonstrate --record",
      )
    const features = this.#features.fill(observation)
    const { rgb, depth } = colourAndDepth(features.rgbd as Float32Array, this.#pixels)
    this.#files.rgb!.append(rgb)
    this.#files.depth!.append(depth)
    for (const name of PLAIN) this.#files[name]!.append(features[name]!)
    this.#files.action_chunk!.append(chunk.data.subarray(0, values))
    this.#files.aux!.append(Float32Array.from(aux.values))
    const tokens = new BigInt64Array(this.#words)
    if (instead) this.#tokenizer.write(instead.command, tokens, 0, this.#words)
    this.#files.instead_tokens!.append(tokens)
    this.#files.instead_chunk!.append(instead?.chunk.data.subarray(0, values) ?? new Float32Array(values))
    this.#files.instead_aux!.append(Float32Array.from(instead?.aux ?? new Float64Array(AUX.length)))
  }

  endEpisode(): void {
    // Nothing to do: each row is whole when it is added.
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close()
  }
}
