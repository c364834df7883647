import { BagWriter } from '../../middleware/bag/bag-writer.js'
import { Ending } from '../output/ending.js'
import type { Report } from '../output/output.js'
import { requireFree } from '../output/outputs.js'
import { readRobot } from '../robot/load-robot.js'
import { ErrorTally } from '../session/error-tally.js'
import { closeInOrder, recordingClosing } from '../session/closing.js'
import { diskRoom, LEAST_ROOM } from './disk-room.js'
import { countsOf, progressLine, reportLines, size } from './record-report.js'
import { topicChoice } from './topic-choice.js'
import { TopicRecorder } from './topic-recorder.js'
import { topicSource } from './topic-sources.js'

export interface RecordOptions {
  /** A word of TOPIC_SOURCES. */
  readonly source: string
  readonly robot?: string
  readonly namespace?: string
  readonly topics?: readonly string[]
  readonly all?: boolean
  /** s after the first message. Default: until the process is asked to end. */
  readonly for?: number
  /** Bytes after which it ends. */
  readonly atMost?: number
  readonly seed: number
  readonly overwrite?: boolean
}

/** `isWhole`: something came, on every topic that was asked for, and nothing was lost. */
export interface RecordOutcome extends Report {
  readonly isWhole: boolean
}

/** ms between two lines of progress. */
const PROGRESS = 5000
/** ms that the first message may take at least, since the processes of ROS 2 need a while to find each other. */
const FIRST = 5000
/** ms between two looks at the time, the size and the disk. */
const CHECK = 50

/**
 * `prehend record`: writes topics into a rosbag2 recording, without a policy and without a motion, until the process is
 * asked to end or a limit is reached. Throws UsageError, RobotError, BagError or MissingPackageError, before anything is
 * written, where what was asked for cannot be done.
 */
export async function record(
  out: string,
  options: RecordOptions,
  progress: (line: string) => void,
): Promise<RecordOutcome> {
  const open = topicSource(options.source)
  requireFree({ recordings: [out] }, options)
  const name = options.robot ?? (options.source === 'sim' ? 'cell' : undefined)
  const robot = name === undefined ? undefined : readRobot(name, options.namespace)
  const choice = topicChoice({ ...options, robot })
  const ending = new Ending()
  ending.endWithParent()
  let isLost = false
  const lose = (text: string): void => {
    isLost = true
    progress(`${text}; the recording ends`)
    ending.ask('a lost part')
  }
  const errors = new ErrorTally({ progress })
  const onError = (error: unknown): void => errors.add(error)
  const source = await (await open())({
    robot,
    seed: options.seed,
    signal: ending.signal,
    onNotice: progress,
    onLost: lose,
    onError,
  })
  let recorder: TopicRecorder | undefined
  let lacks: readonly string[] = []
  let writer: BagWriter | undefined
  const started = performance.now()
  let ended: number
  try {
    writer = new BagWriter(out, {
      overwrite: options.overwrite,
      realTime: true,
      ...(robot && { metadata: { robot: robot.canonical, sha256: robot.sha256 } }),
      ...(source.epochSec && { epochSec: source.epochSec }),
      onFailure: error => lose(error.message),
    })
    recorder = new TopicRecorder(source, choice, writer, progress)
    await source.begin()
    lacks = source.lacks
    progress(`recording into ${out} (${size(diskRoom(out))} free); Ctrl-C ends it`)
    await untilItEnds(out, { ending, recorder, writer, options, progress, lose })
  } finally {
    ended = performance.now()
    recorder?.close()
    const isKept = recorder?.hasBegun === true
    await closeInOrder(
      [...recordingClosing(writer, () => isKept), { name: options.source, close: () => source.close() }],
      onError,
    )
  }
  const counts = countsOf(recorder)
  const { missing } = recorder
  const refused = [...recorder.refused]
  const object = {
    out,
    source: options.source,
    ended: String(ending.signal.reason),
    durationS: counts.durationS,
    wallS: (ended - started) / 1000,
    bytes: writer.written,
    messages: counts.messages,
    topics: counts.topics,
    missing,
    refused,
  }
  const isExcused = (topic: string): boolean => options.topics === undefined && lacks.includes(topic)
  const isShort = refused.length > 0 || choice.needed.some(topic => missing.includes(topic) && !isExcused(topic))
  return { object, lines: reportLines(object), isWhole: !isLost && !isShort && counts.messages > 0 }
}

interface Watched {
  readonly ending: Ending
  readonly recorder: TopicRecorder
  readonly writer: BagWriter
  readonly options: RecordOptions
  readonly progress: (line: string) => void
  readonly lose: (text: string) => void
}

/** Resolves when the process is asked to end. The limits of time and size ask it, and a disk that is nearly full. */
async function untilItEnds(out: string, { ending, recorder, writer, options, progress, lose }: Watched): Promise<void> {
  const opened = performance.now()
  let begun: number | undefined
  let told = opened
  const timer = setInterval(() => {
    const now = performance.now()
    if (recorder.hasBegun) begun ??= now
    if (options.for !== undefined) {
      const most = options.for * 1000
      if (begun === undefined ? now - opened >= Math.max(most, FIRST) : now - begun >= most) ending.ask('its time')
    }
    if (options.atMost !== undefined && writer.written >= options.atMost) ending.ask('its size')
    if (now - told < PROGRESS) return
    told = now
    const room = diskRoom(out)
    if (room < LEAST_ROOM) lose(`the disk has only ${size(room)} left`)
    progress(progressLine(recorder, { seconds: (now - opened) / 1000, bytes: writer.written, room }))
  }, CHECK)
  await new Promise(resolve => ending.whenAsked(resolve))
  clearInterval(timer)
}
