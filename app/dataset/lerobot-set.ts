import { basename } from 'node:path'
import { describeDifference } from '../../robots/canonical.js'
import type { Observation } from '../../fusion/observation.js'
import { encodePicture } from '../../middleware/image/picture-file.js'
import {
  discardPart,
  finishPart,
  partOf,
  refusal,
  type FolderKind,
  type OutputOptions,
} from '../../middleware/output-path.js'
import { UsageError } from '../output/output.js'
import { makePartFolder } from '../output/outputs.js'
import { FileSeries } from './file-series.js'
import { hasPictures, LeRobotColumns, taskText, type Feature } from './lerobot-columns.js'
import { DATA_MB, DATA_PATH, writeMeta } from './lerobot-meta.js'
import { LeRobotStatistics } from './lerobot-statistics.js'
import { LeRobotVideo } from './lerobot-video.js'
import { nested, ParquetFile, type ParquetColumn, type ParquetType } from './parquet-file.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from './training-set.js'
import { requireFfmpeg } from './video-file.js'

export interface LeRobotOptions {
  /** Colour as MP4 or as PNG inside the Parquet files; depth is always PNG of 16 bits. */
  readonly pictures: 'video' | 'png'
  readonly ffmpeg: string
  readonly size: { readonly width: number; readonly height: number } | undefined
  readonly room: number
  /** Paths of all that will be exported. */
  readonly recordings: readonly string[]
  readonly overwrite?: boolean | undefined
}

/** Rows of a row group, at most; an episode's end ends one too. */
const GROUP = 128

const scalar = (dtype: Feature['dtype']): Feature => ({ dtype, shape: [1], names: null })
/**
 * What every row has; the last five as LeRobot defines them. `stamp`: absolute ns. `next.*`: true in an episode's last
 * row.
 */
const BOOKKEEPING: Readonly<Record<string, Feature>> = {
  stamp: scalar('int64'),
  'next.done': scalar('bool'),
  'next.success': scalar('bool'),
  timestamp: scalar('float32'),
  frame_index: scalar('int64'),
  episode_index: scalar('int64'),
  index: scalar('int64'),
  task_index: scalar('int64'),
}

const PARQUET: Readonly<Record<Feature['dtype'], ParquetType>> = {
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int64: 'INT64',
  bool: 'BOOLEAN',
  image: 'PICTURE',
  video: 'PICTURE',
}

interface Row {
  readonly numbers: Record<string, ArrayLike<number>>
  readonly pictures: Readonly<Record<string, { readonly bytes: Uint8Array; readonly path: string }>>
  readonly stamp: bigint
}

/** What is known once the first row is there. */
interface Opened {
  readonly columns: LeRobotColumns
  readonly features: Readonly<Record<string, Feature>>
  readonly pads: ReadonlyMap<string, number>
  readonly videos: ReadonlyMap<string, LeRobotVideo>
  readonly total: LeRobotStatistics
  episode: LeRobotStatistics
}

/** A LeRobotDataset, format v3.0: one folder for all recordings. */
export class LeRobotSet implements TrainingSet {
  rows = 0
  readonly #out: string
  readonly #temporary: string
  readonly #output: OutputOptions
  readonly #options: LeRobotOptions
  readonly #tasks = new Map<string, number>()
  readonly #episodes: Record<string, unknown>[] = []
  readonly #series: FileSeries
  #recording: Recording | undefined
  #opened: Opened | undefined
  #data: ParquetFile | undefined
  #waiting: Row[] = []
  #episodeStart = 0
  #episodeTasks = new Set<string>()
  #blind = 0
  #cut = 0
  #most = 0

  constructor(out: string, options: LeRobotOptions) {
    this.#out = out.replace(/\/+$/, '')
    this.#temporary = partOf(this.#out)
    this.#output = { overwrite: options.overwrite, kind: SET }
    this.#options = options
    this.#series = new FileSeries(this.#temporary, DATA_PATH)
    const why = refusal(this.#out, { ...this.#output, reads: options.recordings })
    if (why !== undefined) throw new UsageError(why)
    if (options.pictures === 'video') requireFfmpeg(options.ffmpeg)
    makePartFolder(this.#out, this.#output)
  }

  get episodes(): number {
    return this.#episodes.length
  }

  get remarks(): readonly string[] {
    return [
      ...(this.#blind > 0 ? [`${this.#blind} observations before the first picture of each camera were left out`] : []),
      ...(this.#cut > 0
        ? [
            `${this.#cut} rows had more samples before them than the set has room for; the newest ` +
              `${this.#options.room} are kept, ` +
              `--samples ${this.#most} keeps all`,
          ]
        : []),
    ]
  }

  begin(recording: Recording): void {
    const earlier = this.#recording
    if (earlier && earlier.robot.sha256 !== recording.robot.sha256) {
      throw new UsageError(
        `${recording.path}: made under another translation than ${earlier.path}: ` +
          describeDifference(recording.robot.canonical, earlier.robot.canonical, [recording.path, earlier.path]),
      )
    }
    if (earlier && earlier.rate !== recording.rate) {
      throw new UsageError(
        `${recording.path}: ${recording.rate} ticks a second, ${earlier.path} ${earlier.rate}: a set has ` +
          'one rate; say which with --rate',
      )
    }
    this.#recording = recording
  }

  async add(row: AnsweredObservation): Promise<void> {
    const recording = this.#recording as Recording
    const { observation } = row
    if (!this.#opened && !hasPictures(recording.robot, observation)) {
      this.#blind++
      return
    }
    const { columns, videos, total, episode } = (this.#opened ??= this.#open(recording, observation))
    columns.fill(row)
    const task = taskText(recording.robot, observation)
    this.#episodeTasks.add(task)
    const frame = this.rows - this.#episodeStart
    const numbers: Row['numbers'] = {
      'next.done': [0],
      'next.success': [0],
      timestamp: [frame / recording.rate],
      frame_index: [frame],
      episode_index: [this.episodes],
      index: [this.rows],
      task_index: [this.#taskOf(task)],
    }
    for (const { key, value } of columns.numbers) numbers[key] = Array.from(value(row))
    this.#countCut(row)
    const pictures: Record<string, { bytes: Uint8Array; path: string }> = {}
    for (const column of columns.pictures) {
      const pixels = column.value()
      for (const statistics of [total, episode]) statistics.look(column, pixels)
      const video = videos.get(column.key)
      if (video) await video.write(pixels as Uint8Array)
      else
        pictures[column.key] = {
          bytes: await encodePicture({ ...column, data: pixels }),
          path: `frame-${String(this.rows).padStart(6, '0')}.png`,
        }
    }
    this.#waiting.push({ numbers, pictures, stamp: recording.epoch.nanoseconds(observation.stamp) })
    this.rows++
    if (this.#waiting.length > GROUP) await this.#flush(this.#waiting.splice(0, GROUP))
  }

  async endEpisode({ index, success }: EpisodeEnd): Promise<void> {
    const last = this.#waiting.at(-1)
    if (last === undefined || !this.#opened) return
    last.numbers['next.done'] = [1]
    last.numbers['next.success'] = [success ? 1 : 0]
    await this.#flush(this.#waiting.splice(0))
    const scenes: Record<string, unknown> = {}
    for (const video of this.#opened.videos.values()) Object.assign(scenes, await video.endEpisode())
    this.#episodes.push({
      episode_index: BigInt(this.episodes),
      tasks: [...this.#episodeTasks],
      length: BigInt(this.rows - this.#episodeStart),
      'data/chunk_index': BigInt(this.#series.chunk),
      'data/file_index': BigInt(this.#series.file),
      dataset_from_index: BigInt(this.#episodeStart),
      dataset_to_index: BigInt(this.rows),
      'meta/episodes/chunk_index': 0n,
      'meta/episodes/file_index': 0n,
      success,
      recording: basename((this.#recording as Recording).path),
      recorded_index: BigInt(index),
      ...scenes,
      ...this.#opened.episode.columns,
    })
    this.#episodeStart = this.rows
    this.#episodeTasks = new Set()
    this.#opened.episode = new LeRobotStatistics(this.#opened.features, new Set(this.#opened.pads.keys()))
    // A file that is large enough ends with an episode.
    if (this.#data && this.#data.bytes >= DATA_MB * 2 ** 20) {
      await this.#data.close()
      this.#data = undefined
      this.#series.next()
    }
  }

  end(): void {
    // Recordings follow each other in the same files.
  }

  async close(): Promise<void> {
    if (!this.#opened || !this.#recording) {
      throw new UsageError(
        `${this.#out}: not one answered observation with pictures in these recordings; nothing was written`,
      )
    }
    await this.#data?.close()
    const { columns, features, videos, total } = this.#opened
    for (const video of videos.values()) await video.close()
    const { robot, rate } = this.#recording
    await writeMeta(this.#temporary, {
      robot,
      rate,
      rows: this.rows,
      inputs: columns.inputs,
      statistics: total.values,
      tasks: [...this.#tasks.keys()],
      episodes: this.#episodes,
      features: Object.fromEntries(
        Object.entries(features).map(([key, feature]) => [
          key,
          { ...feature, ...(videos.has(key) && { info: videos.get(key)?.info }) },
        ]),
      ),
    })
    finishPart(this.#out, this.#output)
  }

  async discard(): Promise<void> {
    for (const video of this.#opened?.videos.values() ?? []) await video.discard()
    discardPart(this.#out)
  }

  #open({ robot, rate }: Recording, observation: Observation): Opened {
    const { room, size, pictures, ffmpeg } = this.#options
    const columns = new LeRobotColumns(robot, observation, {
      room,
      size,
      colour: pictures === 'video' ? 'video' : 'image',
      taskOf: text => this.#taskOf(text),
    })
    const own = [...columns.pictures, ...columns.numbers].map(({ key, feature }) => [key, feature] as const)
    const features = Object.fromEntries([...own, ...Object.entries(BOOKKEEPING)])
    const pads = new Map(columns.numbers.flatMap(({ key, pad }) => (pad === undefined ? [] : [[key, pad] as const])))
    const films = columns.pictures.filter(({ feature }) => feature.dtype === 'video')
    const statistics = (): LeRobotStatistics => new LeRobotStatistics(features, new Set(pads.keys()))
    return {
      columns,
      features,
      pads,
      total: statistics(),
      episode: statistics(),
      videos: new Map(films.map(column => [column.key, new LeRobotVideo(this.#temporary, column, { rate, ffmpeg })])),
    }
  }

  #taskOf(text: string): number {
    const known = this.#tasks.get(text)
    if (known !== undefined) return known
    this.#tasks.set(text, this.#tasks.size)
    return this.#tasks.size - 1
  }

  #countCut({ samples }: AnsweredObservation): void {
    const most = Math.max(0, ...[...samples.values()].map(({ stamps }) => stamps.length))
    if (most > this.#options.room) this.#cut++
    this.#most = Math.max(this.#most, most)
  }

  async #flush(rows: readonly Row[]): Promise<void> {
    const { features, total, episode } = this.#opened as Opened
    const stored = Object.entries(features).filter(([, { dtype }]) => dtype !== 'video')
    this.#data ??= new ParquetFile(
      this.#series.path(),
      stored.map(
        ([name, feature]): ParquetColumn => ({
          name,
          type: PARQUET[feature.dtype],
          lists: feature.dtype === 'image' || isScalar(feature) ? 0 : feature.shape.length,
        }),
      ),
    )
    for (const statistics of [total, episode]) {
      for (const { numbers } of rows) for (const [key, values] of Object.entries(numbers)) statistics.count(key, values)
    }
    await this.#data.write(
      rows.map(row => Object.fromEntries(stored.map(([key, feature]) => [key, this.#stored(row, key, feature)]))),
    )
  }

  #stored({ numbers, pictures, stamp }: Row, key: string, feature: Feature): unknown {
    const { dtype, shape } = feature
    if (dtype === 'image') return pictures[key]
    if (key === 'stamp') return stamp
    const values = Array.from(numbers[key]!, (value): number | bigint | boolean =>
      dtype === 'int64' ? BigInt(value) : dtype === 'bool' ? value === 1 : value,
    )
    const pad = this.#opened?.pads.get(key)
    const length = shape.reduce((product, n) => product * n, 1)
    if (pad !== undefined) while (values.length < length) values.push(dtype === 'int64' ? BigInt(pad) : pad)
    return isScalar(feature) ? values[0] : nested(values, shape)
  }
}

/** Also one to which a card for the Hugging Face hub was added. */
const SET: FolderKind = {
  mark: 'meta/info.json',
  owns: name => ['data', 'meta', 'videos', 'images', 'README.md', '.gitattributes'].includes(name),
}

/** LeRobot keeps what has the shape [1] without a list around it. */
function isScalar({ shape }: Feature): boolean {
  return shape.length === 1 && shape[0] === 1
}
