import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describeDifference } from '../../fusion/robot/canonical.js'
import type { Robot } from '../../fusion/robot/robot.js'
import { encodePicture } from '../../middleware/image/picture-file.js'
import { UsageError } from '../output.js'
import { hasPictures, LeRobotColumns, taskText, type Feature, type PictureColumn } from './lerobot-columns.js'
import { nested, ParquetFile, type ParquetColumn, type ParquetType } from './parquet-file.js'
import { RunningStatistics, type Statistics } from './running-statistics.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from './training-set.js'
import { requireFfmpeg, VideoFile } from './video-file.js'

export interface LeRobotOptions {
  /** Colour as MP4 or as PNG inside the Parquet files; depth is always PNG of 16 bits. */
  readonly pictures: 'video' | 'png'
  readonly ffmpeg: string
  readonly size: { readonly width: number; readonly height: number } | undefined
  readonly room: number
}

const VERSION = 'v3.0'
const CHUNK_FILES = 1000
const DATA_MB = 100
const VIDEO_MB = 200
const MB = 2 ** 20
/** Rows of a row group, at most; an episode's end ends one too. */
const GROUP = 128
/** Pixels of a picture that its statistics look at, about. */
const LOOKED_AT = 4096

const DATA_PATH = 'data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet'
const VIDEO_PATH = 'videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4'
const EPISODES_PATH = 'meta/episodes/chunk-000/file-000.parquet'

const scalar = (dtype: Feature['dtype']): Feature => ({ dtype, shape: [1], names: null })
/** What every row has; the last four as LeRobot defines them. `stamp`: absolute ns. `next.*`: true in an episode's last row. */
const BOOKKEEPING: Readonly<Record<string, Feature>> = {
  stamp: scalar('int64'), 'next.done': scalar('bool'), 'next.success': scalar('bool'),
  timestamp: scalar('float32'), frame_index: scalar('int64'), episode_index: scalar('int64'), index: scalar('int64'), task_index: scalar('int64'),
}

const PARQUET: Readonly<Record<Feature['dtype'], ParquetType>> = {
  float32: 'FLOAT', float64: 'DOUBLE', int64: 'INT64', bool: 'BOOLEAN', image: 'PICTURE', video: 'PICTURE',
}

interface Row {
  readonly numbers: Record<string, ArrayLike<number>>
  readonly pictures: Readonly<Record<string, { readonly bytes: Uint8Array; readonly path: string }>>
  readonly stamp: bigint
}

/** The place of a file among its kind. */
interface Place {
  readonly chunk: number
  readonly file: number
}

interface Video {
  readonly column: PictureColumn
  place: Place
  file: VideoFile | undefined
  /** Frames in the file before this episode. */
  from: number
}

/** A LeRobotDataset, format v3.0: one folder for all recordings. */
export class LeRobotSet implements TrainingSet {
  rows = 0
  episodes = 0
  readonly #out: string
  readonly #temporary: string
  readonly #options: LeRobotOptions
  readonly #tasks = new Map<string, number>()
  readonly #total = new Map<string, RunningStatistics>()
  #episode = new Map<string, RunningStatistics>()
  readonly #episodeRows: Record<string, unknown>[] = []
  #episodeTasks = new Set<string>()
  #recording: Recording | undefined
  #columns: LeRobotColumns | undefined
  #features: Readonly<Record<string, Feature>> = {}
  #pads: ReadonlyMap<string, number> = new Map()
  #videos: Video[] = []
  #data: ParquetFile | undefined
  #dataPlace: Place = { chunk: 0, file: 0 }
  #waiting: Row[] = []
  #episodeStart = 0
  #blind = 0
  #cut = 0
  #most = 0

  constructor(out: string, options: LeRobotOptions) {
    this.#out = out.replace(/\/+$/, '')
    this.#temporary = `${this.#out}.part`
    this.#options = options
    if (existsSync(this.#out)) throw new UsageError(`${this.#out}: is there already: name another --out`)
    if (options.pictures === 'video') requireFfmpeg(options.ffmpeg)
    rmSync(this.#temporary, { recursive: true, force: true })
    mkdirSync(this.#temporary, { recursive: true })
  }

  get remarks(): readonly string[] {
    return [
      ...this.#blind > 0 ? [`${this.#blind} observations before the first picture of each camera were left out`] : [],
      ...this.#cut > 0 ? [`${this.#cut} rows had more samples before them than the set has room for; the newest ${this.#options.room} are kept, --samples ${this.#most} keeps all`] : [],
    ]
  }

  begin(recording: Recording): void {
    const earlier = this.#recording
    if (earlier && earlier.robot.sha256 !== recording.robot.sha256) {
      throw new UsageError(`${recording.path}: made under another translation than ${earlier.path}: `
        + describeDifference(recording.robot.canonical, earlier.robot.canonical, [recording.path, earlier.path]))
    }
    if (earlier && earlier.rate !== recording.rate) {
      throw new UsageError(`${recording.path}: ${recording.rate} ticks a second, ${earlier.path} ${earlier.rate}: a set has one rate; say which with --rate`)
    }
    this.#recording = recording
  }

  async add(row: AnsweredObservation): Promise<void> {
    const { robot, epoch, rate } = this.#recording as Recording
    const { observation } = row
    if (!this.#columns && !hasPictures(robot, observation)) {
      this.#blind++
      return
    }
    const columns = this.#columns ??= this.#open(robot, observation)
    columns.fill(row)
    const task = taskText(robot, observation)
    this.#episodeTasks.add(task)
    const frame = this.rows - this.#episodeStart
    const numbers: Row['numbers'] = {
      'next.done': [0], 'next.success': [0], timestamp: [frame / rate], frame_index: [frame], episode_index: [this.episodes], index: [this.rows],
      task_index: [this.#taskOf(task)],
    }
    for (const { key, value } of columns.numbers) numbers[key] = Array.from(value(row))
    this.#countCut(row)
    const pictures: Record<string, { bytes: Uint8Array; path: string }> = {}
    for (const column of columns.pictures) {
      const pixels = column.value()
      this.#look(column, pixels)
      const video = this.#videos.find(other => other.column === column)
      if (video) await this.#film(video, pixels as Uint8Array)
      else pictures[column.key] = { bytes: await encodePicture({ ...column, data: pixels }), path: `frame-${String(this.rows).padStart(6, '0')}.png` }
    }
    this.#waiting.push({ numbers, pictures, stamp: epoch.nanoseconds(observation.stamp) })
    this.rows++
    if (this.#waiting.length > GROUP) await this.#flush(this.#waiting.splice(0, GROUP))
  }

  async endEpisode({ index, success }: EpisodeEnd): Promise<void> {
    const last = this.#waiting.at(-1)
    if (last === undefined) return
    last.numbers['next.done'] = [1]
    last.numbers['next.success'] = [success ? 1 : 0]
    await this.#flush(this.#waiting.splice(0))
    this.#episodeRows.push({
      episode_index: BigInt(this.episodes), tasks: [...this.#episodeTasks], length: BigInt(this.rows - this.#episodeStart),
      'data/chunk_index': BigInt(this.#dataPlace.chunk), 'data/file_index': BigInt(this.#dataPlace.file),
      dataset_from_index: BigInt(this.#episodeStart), dataset_to_index: BigInt(this.rows), 'meta/episodes/chunk_index': 0n, 'meta/episodes/file_index': 0n,
      success, recording: basename((this.#recording as Recording).path), recorded_index: BigInt(index),
      ...Object.assign({}, ...this.#videos.map(video => this.#scene(video))) as object,
      ...statisticsColumns(this.#features, this.#statistics(this.#episode)),
    })
    this.episodes++
    this.#episodeStart = this.rows
    this.#episodeTasks = new Set()
    this.#episode = new Map()
    await this.#rollOver()
  }

  end(): void {
    // Recordings follow each other in the same files.
  }

  async close(): Promise<void> {
    if (this.rows === 0 || !this.#recording) throw new UsageError(`${this.#out}: not one answered observation with pictures in these recordings; nothing was written`)
    await this.#data?.close()
    for (const { file } of this.#videos) await file?.close()
    await this.#writeMeta(this.#recording)
    mkdirSync(dirname(this.#out), { recursive: true })
    renameSync(this.#temporary, this.#out)
  }

  async discard(): Promise<void> {
    for (const { file } of this.#videos) await file?.discard()
    rmSync(this.#temporary, { recursive: true, force: true })
  }

  #open(robot: Robot, observation: AnsweredObservation['observation']): LeRobotColumns {
    const { room, size, pictures } = this.#options
    const colour = pictures === 'video' ? 'video' : 'image'
    const columns = new LeRobotColumns(robot, observation, { room, size, colour, taskOf: text => this.#taskOf(text) })
    this.#features = Object.fromEntries([...[...columns.pictures, ...columns.numbers].map(({ key, feature }) => [key, feature] as const), ...Object.entries(BOOKKEEPING)])
    this.#pads = new Map(columns.numbers.flatMap(({ key, pad }) => pad === undefined ? [] : [[key, pad] as const]))
    this.#videos = columns.pictures.filter(({ feature }) => feature.dtype === 'video').map(column => ({ column, place: { chunk: 0, file: 0 }, file: undefined, from: 0 }))
    return columns
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

  async #film(video: Video, pixels: Uint8Array): Promise<void> {
    const { width, height, key } = video.column
    video.file ??= new VideoFile(this.#path(VIDEO_PATH.replace('{video_key}', key), video.place), { width, height, rate: (this.#recording as Recording).rate }, this.#options.ffmpeg)
    await video.file.write(pixels)
  }

  /** Where an episode's frames lie in its video. */
  #scene({ column: { key }, place, file, from }: Video): Record<string, unknown> {
    const rate = (this.#recording as Recording).rate
    return {
      [`videos/${key}/chunk_index`]: BigInt(place.chunk), [`videos/${key}/file_index`]: BigInt(place.file),
      [`videos/${key}/from_timestamp`]: from / rate, [`videos/${key}/to_timestamp`]: (file?.frames ?? 0) / rate,
    }
  }

  /** Files that are large enough end with an episode. */
  async #rollOver(): Promise<void> {
    if (this.#data && this.#data.bytes >= DATA_MB * MB) {
      await this.#data.close()
      this.#data = undefined
      this.#dataPlace = next(this.#dataPlace)
    }
    for (const video of this.#videos) {
      if (video.file && video.file.bytes >= VIDEO_MB * MB) {
        await video.file.close()
        video.file = undefined
        video.place = next(video.place)
      }
      video.from = video.file?.frames ?? 0
    }
  }

  async #flush(rows: readonly Row[]): Promise<void> {
    const stored = Object.entries(this.#features).filter(([, { dtype }]) => dtype !== 'video')
    this.#data ??= new ParquetFile(this.#path(DATA_PATH, this.#dataPlace), stored.map(([name, { dtype, shape }]): ParquetColumn => ({
      name, type: PARQUET[dtype], lists: dtype === 'image' || (shape.length === 1 && shape[0] === 1) ? 0 : shape.length,
    })))
    for (const { numbers } of rows) for (const [key, values] of Object.entries(numbers)) this.#count(key, values)
    await this.#data.write(rows.map(row => Object.fromEntries(stored.map(([key, feature]) => [key, this.#stored(row, key, feature)]))))
  }

  #stored({ numbers, pictures, stamp }: Row, key: string, { dtype, shape }: Feature): unknown {
    if (dtype === 'image') return pictures[key]
    if (key === 'stamp') return stamp
    const values = Array.from(numbers[key], (value): number | bigint | boolean => dtype === 'int64' ? BigInt(value) : dtype === 'bool' ? value === 1 : value)
    const pad = this.#pads.get(key)
    const length = shape.reduce((product, n) => product * n, 1)
    if (pad !== undefined) while (values.length < length) values.push(dtype === 'int64' ? BigInt(pad) : pad)
    return shape.length === 1 && shape[0] === 1 ? values[0] : nested(values, shape)
  }

  /** Takes a row's numbers into the statistics; of a padded column each sample that is there. */
  #count(key: string, values: ArrayLike<number>): void {
    const { shape } = this.#features[key]
    const width = (this.#pads.has(key) ? shape.slice(1) : shape).reduce((product, n) => product * n, 1)
    for (const statistics of this.#both(key, width)) {
      for (let offset = 0; offset < values.length; offset += width) statistics.add(values, offset)
    }
  }

  #look({ key, width, height, channels }: PictureColumn, pixels: Uint8Array | Uint16Array): void {
    const scaled = channels === 3 ? Float32Array.from(pixels, value => value / 255) : pixels
    const step = Math.max(1, Math.floor(width * height / LOOKED_AT))
    for (const statistics of this.#both(key, channels)) {
      for (let pixel = 0; pixel < width * height; pixel += step) statistics.add(scaled, pixel * channels)
    }
  }

  /** Of the set and of the episode. */
  #both(key: string, width: number): RunningStatistics[] {
    return [this.#total, this.#episode].map(all => {
      const statistics = all.get(key) ?? new RunningStatistics(width)
      all.set(key, statistics)
      statistics.rows++
      return statistics
    })
  }

  /** In the shapes that LeRobot expects: [channels, 1, 1] of a picture, the feature's own otherwise, each place of a padded column alike. */
  #statistics(all: ReadonlyMap<string, RunningStatistics>): Record<string, Shaped> {
    return Object.fromEntries([...all].map(([key, running]) => {
      const { dtype, shape } = this.#features[key]
      const isPicture = dtype === 'image' || dtype === 'video'
      const repeat = this.#pads.has(key) ? shape[0] : 1
      const spread = (values: Float64Array): Float64Array => repeat === 1 ? values : Float64Array.from({ length: repeat * values.length }, (_, i) => values[i % values.length])
      const { min, max, mean, std, count } = running.statistics
      return [key, { shape: isPicture ? [running.width, 1, 1] : shape, min: spread(min), max: spread(max), mean: spread(mean), std: spread(std), count }]
    }))
  }

  /** Makes the folder. */
  #path(template: string, { chunk, file }: Place): string {
    const three = (n: number): string => String(n).padStart(3, '0')
    const path = join(this.#temporary, template.replace('{chunk_index:03d}', three(chunk)).replace('{file_index:03d}', three(file)))
    mkdirSync(dirname(path), { recursive: true })
    return path
  }

  async #writeMeta({ robot, rate }: Recording): Promise<void> {
    const meta = join(this.#temporary, 'meta')
    mkdirSync(join(meta, 'episodes/chunk-000'), { recursive: true })
    const json = (name: string, value: unknown): void => writeFileSync(join(meta, name), `${JSON.stringify(value, null, 2)}\n`)
    json('info.json', {
      codebase_version: VERSION, robot_type: robot.name, total_episodes: this.episodes, total_frames: this.rows, total_tasks: this.#tasks.size, fps: rate,
      chunks_size: CHUNK_FILES, data_files_size_in_mb: DATA_MB, video_files_size_in_mb: VIDEO_MB, splits: { train: `0:${this.episodes}` },
      data_path: DATA_PATH, video_path: this.#videos.length > 0 ? VIDEO_PATH : null,
      features: Object.fromEntries(Object.entries(this.#features).map(([key, feature]) => [key, feature.dtype === 'video' ? { ...feature, info: videoInfo(feature, rate) } : feature])),
    })
    json('stats.json', Object.fromEntries(Object.entries(this.#statistics(this.#total)).map(([key, { shape, count, ...values }]) =>
      [key, { ...Object.fromEntries(Object.entries(values).map(([name, flat]) => [name, nested(flat, shape)])), count: [count] }])))
    json('prehend.json', { robot: { name: robot.name, sha256: robot.sha256, canonical: robot.canonical }, inputs: this.#columns?.inputs })
    const tasks = new ParquetFile(join(meta, 'tasks.parquet'), [{ name: 'task_index', type: 'INT64', lists: 0 }, { name: 'task', type: 'STRING', lists: 0 }],
      { pandas: JSON.stringify(PANDAS_TASKS) })
    await tasks.write([...this.#tasks].map(([task, index]) => ({ task_index: BigInt(index), task })))
    await tasks.close()
    const episodes = new ParquetFile(join(this.#temporary, EPISODES_PATH), Object.entries(this.#episodeRows[0]).map(([name, value]) => columnOf(name, value)))
    await episodes.write(this.#episodeRows)
    await episodes.close()
  }
}

type Shaped = Statistics & { readonly shape: readonly number[] }

const next = ({ chunk, file }: Place): Place => file + 1 < CHUNK_FILES ? { chunk, file: file + 1 } : { chunk: chunk + 1, file: 0 }

/** `stats/KEY/NAME`, as the table of episodes has them. */
function statisticsColumns(features: Readonly<Record<string, Feature>>, all: Readonly<Record<string, Shaped>>): Record<string, unknown> {
  return Object.fromEntries(Object.keys(features).flatMap(key => {
    if (!Object.hasOwn(all, key)) return []
    const { shape, count, ...values } = all[key]
    return [...Object.entries(values).map(([name, flat]) => [`stats/${key}/${name}`, nested(flat, shape)]), [`stats/${key}/count`, [BigInt(count)]]]
  })) as Record<string, unknown>
}

/** The Parquet column that holds such a value. */
function columnOf(name: string, value: unknown): ParquetColumn {
  let lists = 0
  for (; Array.isArray(value); [value] = value as unknown[]) lists++
  const type = typeof value === 'bigint' ? 'INT64' : typeof value === 'boolean' ? 'BOOLEAN' : typeof value === 'string' ? 'STRING' : 'DOUBLE'
  return { name, type, lists }
}

function videoInfo({ shape: [height, width, channels] }: Feature, rate: number): Record<string, unknown> {
  return {
    'video.height': height, 'video.width': width, 'video.channels': channels, 'video.fps': rate, 'video.codec': 'h264',
    'video.pix_fmt': width % 2 === 0 && height % 2 === 0 ? 'yuv420p' : 'yuv444p', 'video.is_depth_map': false, has_audio: false,
  }
}

/** Tells pandas that `task` is the index of the table, as LeRobot reads it. */
const PANDAS_TASKS = {
  index_columns: ['task'], column_indexes: [{ name: null, field_name: null, pandas_type: 'unicode', numpy_type: 'object', metadata: { encoding: 'UTF-8' } }],
  columns: [
    { name: 'task_index', field_name: 'task_index', pandas_type: 'int64', numpy_type: 'int64', metadata: null },
    { name: 'task', field_name: 'task', pandas_type: 'unicode', numpy_type: 'object', metadata: null },
  ],
  creator: { library: 'prehend', version: '1' }, pandas_version: '2.0.0',
}
