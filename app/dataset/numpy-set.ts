import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { elements, parseContract, type Contract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { Tokenizer } from '../../policy/features/tokens.js'
import type { Robot } from '../../robots/robot.js'
import { discardPart, finishPart, refusal, type FolderKind, type OutputOptions } from '../../middleware/output-path.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { AUX } from '../session/demonstration.js'
import { messageOf, UsageError } from '../output/output.js'
import { makePartFolder } from '../output/outputs.js'
import { NpyFile, type NpyType } from './npy-file.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from './training-set.js'

/** The inputs of the set, by what each is made as. */
const INPUTS = {
  rgbd: 'rgbd',
  force_pyramid: 'pyramid',
  voice_tokens: 'tokens',
  voice_age: 'ages',
  proprioception: 'vector',
  modality_mask: 'mask',
} as const
/** Those that are written as they are; of `rgbd` the colour goes as u8 and the depth as u16 mm. */
const PLAIN = Object.keys(INPUTS).filter(name => name !== 'rgbd')

export interface NumpyOptions {
  readonly contract: string
  readonly vocabulary: string
  /** Paths of all that will be exported. */
  readonly recordings: readonly string[]
  readonly overwrite?: boolean | undefined
}

/** One folder a recording, one .npy file an array: what policy/training/train.py reads. */
export class NumpySet implements TrainingSet {
  rows = 0
  episodes = 0
  readonly remarks: readonly string[] = []
  readonly #out: string
  readonly #contract: Contract
  readonly #output: OutputOptions
  #recording: NumpyRecording | undefined

  /** Throws UsageError where the folder of one of the recordings is there already, or is another one's. */
  constructor(out: string, options: NumpyOptions) {
    this.#out = out
    this.#contract = readContract(options)
    this.#output = { overwrite: options.overwrite, kind: ARRAYS }
    const folders = new Map<string, string>()
    for (const path of options.recordings) {
      const folder = this.#folderOf(path)
      const other = folders.get(folder)
      if (other !== undefined)
        throw new UsageError(
          `${path}: its folder would be ${folder}, which is that of ${other}; export one of them elsewhere`,
        )
      folders.set(folder, path)
      const why = refusal(folder, { ...this.#output, reads: options.recordings })
      if (why !== undefined) throw new UsageError(why)
    }
  }

  begin({ path, robot }: Recording): void {
    this.#recording = new NumpyRecording(this.#folderOf(path), this.#output, this.#contract, robot)
  }

  add(row: AnsweredObservation): void {
    this.#recording?.add(row)
    this.rows++
  }

  endEpisode(end: EpisodeEnd): void {
    this.#recording?.endEpisode(end)
    if (end.index >= 0) this.episodes++
  }

  end(): void {
    this.#recording?.close()
    this.#recording = undefined
  }

  close(): void {
    // Each recording's folder is whole by itself.
  }

  discard(): void {
    this.#recording?.discard()
  }

  #folderOf(path: string): string {
    return join(this.#out, basename(path).replace(/\.(mcap|db3)$/, ''))
  }
}

/** `scene.json` is written beside by policy/training/collect.py. */
const ARRAYS: FolderKind = {
  mark: 'dataset.json',
  owns: name => name.endsWith('.npy') || name === 'dataset.json' || name === 'scene.json',
}

function readContract({ contract, vocabulary }: Pick<NumpyOptions, 'contract' | 'vocabulary'>): Contract {
  const read = (path: string): unknown => {
    try {
      return JSON.parse(readTextSync(path, LARGEST_TEXT))
    } catch (error) {
      throw new UsageError(`${path}: cannot be read as JSON: ${messageOf(error)}`)
    }
  }
  const template = read(contract) as Record<string, unknown>
  const parsed = parseContract(
    {
      name: 'to be trained',
      robot: { name: '', sha256: '0'.repeat(64), canonical: '' },
      vocabulary: read(vocabulary),
      ...template,
    },
    contract,
  )
  const missing = Object.entries(INPUTS)
    .filter(([name, kind]) => parsed.inputs[name]?.as !== kind)
    .map(([name, kind]) => `${name} (${kind})`)
  if (missing.length > 0)
    throw new UsageError(
      `${contract}: a numpy set is made of inputs that it does not have: ${missing.join(', ')}; ` +
        '--format lerobot asks for no contract',
    )
  return parsed
}

class NumpyRecording {
  #rows = 0
  #episodes = 0
  readonly #features: Features
  readonly #tokenizer: Tokenizer
  /** Words of one event. */
  readonly #words: number
  readonly #contract: Contract
  readonly #robot: Robot
  readonly #folder: string
  readonly #output: OutputOptions
  readonly #temporary: string
  readonly #files: Readonly<Record<string, NpyFile>>
  readonly #size: { readonly width: number; readonly height: number }

  constructor(folder: string, output: OutputOptions, contract: Contract, robot: Robot) {
    this.#folder = folder
    this.#output = output
    this.#contract = contract
    this.#robot = robot
    this.#features = new Features(contract, robot)
    this.#tokenizer = new Tokenizer(contract.vocabulary)
    const { voice_tokens: tokens } = contract.inputs
    this.#words = tokens?.as === 'tokens' ? tokens.per_event : 0
    this.#temporary = makePartFolder(folder, this.#output)
    const [, , height = 0, width = 0] = contract.inputs.rgbd!.shape
    this.#size = { width, height }
    const file = (name: string, type: NpyType, shape: readonly number[]): [string, NpyFile] => [
      name,
      new NpyFile(join(this.#temporary, `${name}.npy`), type, shape),
    ]
    const shapeOf = (name: string): readonly number[] => contract.inputs[name]!.shape.slice(1)
    this.#files = Object.fromEntries([
      file('rgb', '|u1', [height, width, 3]),
      file('depth', '<u2', [height, width]),
      ...PLAIN.map(name => file(name, name === 'voice_tokens' ? '<i8' : '<f4', shapeOf(name))),
      file('action_chunk', '<f4', contract.outputs.action_chunk.shape.slice(1)),
      file('aux', '<f4', [AUX.length]),
      file('instead_tokens', '<i8', [this.#words]),
      file('instead_chunk', '<f4', contract.outputs.action_chunk.shape.slice(1)),
      file('instead_aux', '<f4', [AUX.length]),
      file('episode', '<i4', []),
      file('success', '|u1', []),
    ])
  }

  /** A chunk may have more rows than the contract asks for; not fewer. */
  add({ observation, chunk, aux, instead }: AnsweredObservation): void {
    const values = elements(this.#contract.outputs.action_chunk.shape)
    if (chunk.data.length < values)
      throw new UsageError(
        `the expert's chunks have ${chunk.data.length / 6} rows; the contract asks for ${values / 6}`,
      )
    if (aux === undefined)
      throw new UsageError(
        "numpy sets need the expert's answers (/expert/aux): record with prehend run --demonstrate --record",
      )
    const { width, height } = this.#size
    const pixels = width * height
    const features = this.#features.fill(observation)
    const rgbd = features.rgbd as Float32Array
    const rgb = new Uint8Array(pixels * 3)
    const depth = new Uint16Array(pixels)
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round(rgbd[c * pixels + i]! * 255)
      depth[i] = Math.round(rgbd[3 * pixels + i]! * 1000)
    }
    this.#files.rgb!.append(rgb)
    this.#files.depth!.append(depth)
    for (const name of PLAIN) this.#files[name]!.append(features[name]!)
    this.#files.action_chunk!.append(chunk.data.subarray(0, values))
    this.#files.aux!.append(Float32Array.from(aux))
    const tokens = new BigInt64Array(this.#words)
    if (instead) this.#tokenizer.write(instead.command, tokens, 0, this.#words)
    this.#files.instead_tokens!.append(tokens)
    this.#files.instead_chunk!.append(instead?.chunk.data.subarray(0, values) ?? new Float32Array(values))
    this.#files.instead_aux!.append(Float32Array.from(instead?.aux ?? new Float64Array(AUX.length)))
    this.#rows++
  }

  endEpisode({ index, success }: EpisodeEnd): void {
    const episode = this.#files.episode!
    const successes = this.#files.success!
    while (episode.rows < this.#rows) {
      episode.append(Int32Array.of(index))
      successes.append(Uint8Array.of(success ? 1 : 0))
    }
    if (index >= 0) this.#episodes++
  }

  close(): void {
    for (const file of Object.values(this.#files)) file.close()
    const { name, sha256, canonical } = this.#robot
    writeFileSync(
      join(this.#temporary, 'dataset.json'),
      JSON.stringify(
        {
          contract: { ...this.#contract, robot: { name, sha256, canonical } },
          aux: AUX,
          rows: this.#rows,
          episodes: this.#episodes,
        },
        null,
        2,
      ),
    )
    finishPart(this.#folder, this.#output)
  }

  discard(): void {
    discardPart(this.#folder)
  }
}
