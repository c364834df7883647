import { PNG } from './lerobot-needs.js'
import { basename } from 'node:path'
import { describeDifference } from '../../robots/canonical.js'
import type { JointUnit } from '../../policy/lerobot/joint-units.js'
import type { Robot } from '../../robots/robot.js'
import { unknownName } from '../../robots/validation.js'
import { requirePeers } from '../../peers/peers.js'
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
import type { Feature } from './column.js'
import { hasPictures, isComplete, LeRobotColumns, taskText, type PictureSizes } from './lerobot-columns.js'
import { writeMeta } from './lerobot-meta.js'
import { BOOKKEEPING, LeRobotRows, type Row } from './lerobot-rows.js'
import { LeRobotStatistics } from './lerobot-statistics.js'
import { LeRobotVideo } from './lerobot-video.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from './training-set.js'
import { calibrationAt } from '../robot/calibration-file.js'
import { SetUnits } from './set-units.js'
import { requireFfmpeg } from './video-file.js'

export interface LeRobotOptions {
  /** Colour pictures are MP4 files, or PNG inside the Parquet files. Depth pictures are always PNG of 16 bits. */
  readonly pictures: 'video' | 'png'
  readonly ffmpeg: string
  readonly sizes?: PictureSizes
  /** The streams that get columns. Default: all. */
  readonly streams?: readonly string[] | undefined
  /** Leaves out rows in which one of these streams is missing. */
  readonly onlyComplete?: boolean | undefined
  /** The unit of joints, and with it LeRobot's names for them. Default: SI. */
  readonly jointUnit?: JointUnit | undefined
  /** LeRobot's calibration file of the arm, for this unit. It goes before the one of the robot file. */
  readonly calibration?: string | undefined
  readonly room: number
  /** Paths of all recordings that will be exported. */
  readonly recordings: readonly string[]
  readonly overwrite?: boolean | undefined
}

const NO_SIZES: PictureSizes = new Map()
/** Rows of a row group, at most. The end of an episode ends a row group too. */
const GROUP = 128

/** What only the first row tells: columns, features and sizes. */
interface Opened {
  readonly columns: LeRobotColumns
  readonly features: Readonly<Record<string, Feature>>
  readonly pads: ReadonlyMap<string, number>
  readonly stored: LeRobotRows
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
  #recording: Recording | undefined
  #opened: Opened | undefined
  #waiting: Row[] = []
  #episodeStart = 0
  #episodeTasks = new Set<string>()
  #blind = 0
  #incomplete = 0
  #cut = 0
  #most = 0

  constructor(out: string, options: LeRobotOptions) {
    this.#out = out.replace(/\/+$/, '')
    this.#temporary = partOf(this.#out)
    this.#output = { overwrite: options.overwrite, kind: SET }
    this.#options = options
    const why = refusal(this.#out, { ...this.#output, reads: options.recordings })
    if (why !== undefined) throw new UsageError(why)
    if (options.pictures === 'video') requireFfmpeg(options.ffmpeg)
    else requirePeers(PNG, 'sharp')
    makePartFolder(this.#out, this.#output)
  }

  get episodes(): number {
    return this.#episodes.length
  }

  get remarks(): readonly string[] {
    return [
      ...(this.#blind > 0 ? [`${this.#blind} observations before the first picture of each camera were left out`] : []),
      ...(this.#incomplete > 0 ? [`${this.#incomplete} observations in which a stream is missing were left out`] : []),
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
    const { streams } = this.#chosen(recording.robot)
    if (streams.some(({ modality }) => modality === 'depth')) requirePeers(PNG, 'sharp')
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
    if (!this.#opened && !hasPictures(this.#chosen(recording.robot), observation)) {
      this.#blind++
      return
    }
    if (this.#options.onlyComplete && !isComplete(this.#chosen(recording.robot), observation)) {
      this.#incomplete++
      return
    }
    const { columns, videos, total, episode } = (this.#opened ??= this.#open(recording, row))
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
      for (const statistics of [total, episode]) statistics.addPicture(column, pixels)
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
    const { place } = this.#opened.stored
    this.#episodes.push({
      episode_index: BigInt(this.episodes),
      tasks: [...this.#episodeTasks],
      length: BigInt(this.rows - this.#episodeStart),
      'data/chunk_index': BigInt(place.chunk),
      'data/file_index': BigInt(place.file),
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
    await this.#opened.stored.endEpisode()
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
    const { columns, features, stored, videos, total } = this.#opened
    await stored.close()
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

  /** The robot with the streams that get columns. Throws UsageError for a name that is none. */
  #chosen(robot: Robot): Robot {
    const { streams, sizes = NO_SIZES } = this.#options
    const known = robot.streams.map(({ name }) => name)
    const unknown = [...(streams ?? []), ...sizes.keys()].find(name => name !== '' && !known.includes(name))
    if (unknown !== undefined) throw new UsageError(unknownName('stream', unknown, known))
    return streams ? { ...robot, streams: robot.streams.filter(({ name }) => streams.includes(name)) } : robot
  }

  #open({ robot, rate }: Recording, row: AnsweredObservation): Opened {
    const { room, sizes = NO_SIZES, jointUnit, calibration, pictures, ffmpeg } = this.#options
    const columns = new LeRobotColumns(this.#chosen(robot), row, {
      room,
      sizes,
      units: new SetUnits(robot, {
        unit: jointUnit,
        calibration: calibration === undefined ? undefined : calibrationAt(calibration, robot),
      }),
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
      stored: new LeRobotRows(this.#temporary, features, pads),
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
    const { stored, total, episode } = this.#opened as Opened
    for (const statistics of [total, episode]) {
      for (const { numbers } of rows)
        for (const [key, values] of Object.entries(numbers)) statistics.addNumbers(key, values)
    }
    await stored.write(rows)
  }
}

/** How a LeRobot set is recognised before it is replaced. It may also have a card for the Hugging Face hub. */
const SET: FolderKind = {
  mark: 'meta/info.json',
  owns: name => ['data', 'meta', 'videos', 'images', 'README.md', '.gitattributes'].includes(name),
}
