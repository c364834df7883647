import { writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseContract, type Contract } from '../../policy/contract/contract.js'
import { headTicks } from '../../policy/contract/head-streams.js'
import { UNKNOWN_SHA256 } from '../../policy/contract/unknown-sha256.js'
import type { FastTicksConfig } from '../../fusion/fast-ticks.js'
import { SECOND, type Epoch } from '../../fusion/stamp.js'
import type { Robot } from '../../robots/robot.js'
import { discardPart, finishPart, refusal, type FolderKind, type OutputOptions } from '../../middleware/output-path.js'
import { LARGEST_TEXT, readTextSync } from '../../middleware/regular-file.js'
import { UsageError } from '../output/output.js'
import { messageOf } from '../../middleware/message-of.js'
import { makePartFolder } from '../output/outputs.js'
import { graspArrays } from './grasp-arrays.js'
import { groupArrays } from './group-arrays.js'
import { NpyFile } from './npy-file.js'
import type { ArraysOf, MakeFile, NumpyArrays } from './numpy-arrays.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from './training-set.js'

/** By the version of the contract. */
const ARRAYS_OF: Readonly<Record<Contract['version'], ArraysOf>> = { 1: graspArrays, 2: groupArrays }

export interface NumpyOptions {
  readonly contract: string
  readonly vocabulary: string
  /** Paths of all recordings that will be exported. */
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

  /** Throws UsageError where the folder of a recording exists already, or where two recordings would share a folder. */
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

  headTicks(robot: Robot): FastTicksConfig | undefined {
    return headTicks(this.#contract, robot)
  }

  begin(recording: Recording): void {
    this.#recording = new NumpyRecording(this.#folderOf(recording.path), this.#output, this.#contract, recording)
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
    // Nothing to do: `end` has completed the folder of each recording.
  }

  discard(): void {
    this.#recording?.discard()
  }

  #folderOf(path: string): string {
    return join(this.#out, basename(path).replace(/\.(mcap|db3)$/, ''))
  }
}

/** How a set is recognised before it is replaced. policy/training/collect.py adds `scene.json`. */
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
      robot: { name: '', sha256: UNKNOWN_SHA256, canonical: '' },
      // The encoder of a head is made after the set.
      ...('tick' in Object(template) && { encoder: { sha256: UNKNOWN_SHA256 } }),
      vocabulary: read(vocabulary),
      ...template,
    },
    contract,
  )
  ARRAYS_OF[parsed.version].check(parsed, contract)
  return parsed
}

class NumpyRecording {
  #rows = 0
  #episodes = 0
  readonly #contract: Contract
  readonly #robot: Robot
  readonly #folder: string
  readonly #output: OutputOptions
  readonly #temporary: string
  readonly #arrays: NumpyArrays
  readonly #epoch: Epoch
  readonly #stamp: NpyFile
  readonly #episode: NpyFile
  readonly #success: NpyFile

  constructor(folder: string, output: OutputOptions, contract: Contract, recording: Recording) {
    this.#folder = folder
    this.#output = output
    this.#contract = contract
    this.#robot = recording.robot
    this.#epoch = recording.epoch
    this.#temporary = makePartFolder(folder, this.#output)
    const make: MakeFile = (name, type, shape) => new NpyFile(join(this.#temporary, `${name}.npy`), type, shape)
    try {
      this.#arrays = ARRAYS_OF[contract.version].open(make, contract, recording)
      this.#stamp = make('stamp', '<i8', [])
      this.#episode = make('episode', '<i4', [])
      this.#success = make('success', '|u1', [])
    } catch (error) {
      this.discard()
      throw error
    }
  }

  add(row: AnsweredObservation): void {
    this.#arrays.add(row)
    this.#stamp.append(BigInt64Array.of(BigInt(this.#epoch.sec) * BigInt(SECOND) + BigInt(row.observation.stamp)))
    this.#rows++
  }

  endEpisode({ index, success }: EpisodeEnd): void {
    this.#arrays.endEpisode()
    while (this.#episode.rows < this.#rows) {
      this.#episode.append(Int32Array.of(index))
      this.#success.append(Uint8Array.of(success ? 1 : 0))
    }
    if (index >= 0) this.#episodes++
  }

  close(): void {
    for (const each of [this.#arrays, this.#stamp, this.#episode, this.#success]) each.close()
    const { name, sha256, canonical } = this.#robot
    writeFileSync(
      join(this.#temporary, 'dataset.json'),
      JSON.stringify(
        {
          contract: { ...this.#contract, robot: { name, sha256, canonical } },
          aux: this.#arrays.aux,
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
