import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { Features } from '../../fusion/policy/features.js'
import { elements, parseContract, type Contract } from '../../fusion/policy/contract.js'
import type { Robot } from '../../fusion/robot/robot.js'
import { openBag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import type { EpisodeResult } from '../../sim/episodes.js'
import { episodeTopics } from '../episode-topics.js'
import { AUX, EXPERT_AUX_TOPIC, EXPERT_CHUNK_TOPIC } from '../demonstration.js'
import { packageRoot } from '../models.js'
import { NpyFile, type NpyType } from '../npy-file.js'
import { Output, UsageError } from '../output.js'
import { replayBag } from '../replay.js'
import { namespace } from '../options.js'
import { robotForBag } from '../robot-for-bag.js'

interface ExportFlags {
  out: string
  format: string
  robot?: string
  namespace?: string
  contract: string
  vocabulary: string
  json?: boolean
}

export function register(program: Command): void {
  program
    .command('export')
    .description('recordings into a training set: the same aligned observations that the policy will see, with the expert\'s answers')
    .argument('<bags...>', 'recordings made with `prehend run --demonstrate --record`')
    .requiredOption('--out <folder>', 'one folder a recording is written below it')
    .option('--format <name>', 'numpy: one .npy file an array', 'numpy')
    .option('--robot <file>', 'robot file; default: the one in the recording')
    .option('--namespace <name>', 'where the relative topics of the robot file lie, such as /left', namespace)
    .option('--contract <file>', 'inputs and outputs of the policy to be trained', join(packageRoot, 'policy/contract.json'))
    .option('--vocabulary <file>', 'its words', join(packageRoot, 'policy/vocabulary.json'))
    .option('--json', 'the result as one JSON object')
    .action((bags: string[], flags: ExportFlags) => exportBags(bags, flags))
}

async function exportBags(bags: readonly string[], flags: ExportFlags): Promise<void> {
  const output = new Output(flags)
  if (flags.format !== 'numpy') throw new UsageError(`--format ${flags.format}: expected numpy`)
  const contract = readContract(flags)
  let rows = 0
  let episodes = 0
  for (const path of bags) {
    const written = await exportBag(path, contract, flags)
    output.progress(`${path}: ${written.rows} observations of ${written.episodes} episodes -> ${written.folder}`)
    rows += written.rows
    episodes += written.episodes
  }
  output.result({ recordings: bags.length, observations: rows, episodes, out: flags.out }, `${rows} observations of ${episodes} episodes in ${flags.out}`)
}

function readContract(flags: ExportFlags): Contract {
  const read = (path: string): unknown => {
    try {
      return JSON.parse(readFileSync(path, 'utf8'))
    } catch (error) {
      throw new UsageError(`${path}: cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  const template = read(flags.contract) as Record<string, unknown>
  return parseContract({ name: 'to be trained', robot: { name: '', sha256: '0'.repeat(64), canonical: '' }, vocabulary: read(flags.vocabulary), ...template }, flags.contract)
}

const WAITING = 64

async function exportBag(path: string, contract: Contract, flags: ExportFlags): Promise<{ rows: number; episodes: number; folder: string }> {
  const bag = await openBag(path)
  const { robot } = robotForBag(bag, flags)
  const folder = join(flags.out, basename(path).replace(/\.(mcap|db3)$/, ''))
  const temporary = `${folder}.part`
  if (existsSync(folder)) throw new UsageError(`${folder}: is there already: name another --out`)
  rmSync(temporary, { recursive: true, force: true })
  mkdirSync(temporary, { recursive: true })
  const { results } = episodeTopics(robot)
  try {
    const set = new TrainingSet(temporary, contract, robot)
    await replayBag({
      bag, robot, rate: 'max',
      onMessage: message => {
        if (message.topic === EXPERT_CHUNK_TOPIC) {
          const chunk = decode('prehend_interfaces/msg/ActionChunk', message.data, bag.epochSec)
          set.chunk(chunk.stamp, Float32Array.from(chunk.data))
        } else if (message.topic === EXPERT_AUX_TOPIC) {
          const aux = decode('sensor_msgs/msg/JointState', message.data, bag.epochSec)
          set.aux(aux.stamp, Float32Array.from(aux.position))
        } else if (message.topic === results) {
          set.endEpisode(JSON.parse(decode('std_msgs/msg/String', message.data, bag.epochSec).data) as EpisodeResult)
        }
      },
      onObservation: observation => set.observation(observation),
    })
    set.close()
    rmSync(folder, { recursive: true, force: true })
    renameSync(temporary, folder)
    return { rows: set.rows, episodes: set.episodes, folder }
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true })
    throw error
  } finally {
    await bag.close()
  }
}

interface Row {
  features?: Record<string, Float32Array | BigInt64Array>
  chunk?: Float32Array
  aux?: Float32Array
}

/** Brings an observation, the expert's chunk and the truth with the same stamp together, and writes them as one row of every array. */
class TrainingSet {
  rows = 0
  episodes = 0
  readonly #features: Features
  readonly #contract: Contract
  readonly #robot: Robot
  readonly #folder: string
  readonly #files: Record<string, NpyFile>
  readonly #waiting = new Map<number, Row>()
  readonly #size: { width: number; height: number }

  constructor(folder: string, contract: Contract, robot: Robot) {
    this.#folder = folder
    this.#contract = contract
    this.#robot = robot
    this.#features = new Features(contract, robot)
    const rgbd = contract.inputs.rgbd.shape
    const [height, width] = [rgbd[2], rgbd[3]]
    this.#size = { width, height }
    const file = (name: string, type: NpyType, shape: readonly number[]): [string, NpyFile] => [name, new NpyFile(join(folder, `${name}.npy`), type, shape)]
    const shapeOf = (name: string): readonly number[] => contract.inputs[name].shape.slice(1)
    this.#files = Object.fromEntries([
      file('rgb', '|u1', [height, width, 3]), file('depth', '<u2', [height, width]),
      file('force_pyramid', '<f4', shapeOf('force_pyramid')), file('voice_tokens', '<i8', shapeOf('voice_tokens')), file('voice_age', '<f4', shapeOf('voice_age')),
      file('proprioception', '<f4', shapeOf('proprioception')), file('modality_mask', '<f4', shapeOf('modality_mask')),
      file('action_chunk', '<f4', contract.outputs.action_chunk.shape.slice(1)), file('aux', '<f4', [AUX.length]),
      file('episode', '<i4', []), file('success', '|u1', []),
    ])
  }

  observation(observation: Parameters<Features['fill']>[0]): void {
    const filled = this.#features.fill(observation)
    const features = Object.fromEntries(Object.entries(filled).map(([name, values]) => [name, values.slice()])) as Row['features']
    this.#join(observation.stamp, { features })
  }

  /** A chunk may have more rows than the contract asks for; not fewer. */
  chunk(stamp: number, chunk: Float32Array): void {
    const values = elements(this.#contract.outputs.action_chunk.shape)
    if (chunk.length < values) throw new UsageError(`the expert's chunks have ${chunk.length / 6} rows; the contract asks for ${values / 6}`)
    chunk = chunk.subarray(0, values)
    this.#join(stamp, { chunk })
  }

  aux(stamp: number, aux: Float32Array): void {
    this.#join(stamp, { aux })
  }

  /** Every row since the last episode's end belongs to this one. */
  endEpisode(result: EpisodeResult): void {
    const { episode, success } = this.#files
    while (episode.rows < this.rows) {
      episode.append(Int32Array.of(result.index))
      success.append(Uint8Array.of(result.success ? 1 : 0))
    }
    this.#waiting.clear()
    this.episodes++
  }

  close(): void {
    this.endEpisode({ index: -1, success: false } as EpisodeResult)
    this.episodes--
    for (const file of Object.values(this.#files)) file.close()
    const { name, sha256, canonical } = this.#robot
    writeFileSync(join(this.#folder, 'dataset.json'), JSON.stringify({ contract: { ...this.#contract, robot: { name, sha256, canonical } }, aux: AUX, rows: this.rows, episodes: this.episodes }, null, 2))
  }

  #join(stamp: number, part: Row): void {
    const row = { ...this.#waiting.get(stamp), ...part }
    this.#waiting.set(stamp, row)
    if (row.features && row.chunk && row.aux) {
      this.#waiting.delete(stamp)
      this.#write(row.features, row.chunk, row.aux)
    } else if (this.#waiting.size > WAITING) {
      const [oldest] = this.#waiting.keys()
      this.#waiting.delete(oldest)
    }
  }

  #write(features: NonNullable<Row['features']>, chunk: Float32Array, aux: Float32Array): void {
    const { width, height } = this.#size
    const pixels = width * height
    const rgbd = features.rgbd as Float32Array
    const rgb = new Uint8Array(pixels * 3)
    const depth = new Uint16Array(pixels)
    for (let i = 0; i < pixels; i++) {
      for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.round(rgbd[c * pixels + i] * 255)
      depth[i] = Math.round(rgbd[3 * pixels + i] * 1000)
    }
    this.#files.rgb.append(rgb)
    this.#files.depth.append(depth)
    for (const name of ['force_pyramid', 'voice_tokens', 'voice_age', 'proprioception', 'modality_mask']) this.#files[name].append(features[name])
    this.#files.action_chunk.append(chunk)
    this.#files.aux.append(aux)
    this.rows++
  }
}
