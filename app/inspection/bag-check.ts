import { Epoch } from '../../fusion/stamp.js'
import { openBag, type Bag } from '../../middleware/bag/bag.js'
import type { Robot } from '../../robots/robot.js'
import { MedianDepth } from './median-depth.js'
import { replayBag, stampClock } from '../replay/replay-bag.js'
import { finding, StreamCheck, type Finding } from './stream-check.js'
import { StreamFates } from './stream-fates.js'

export interface BagCheck {
  readonly streams: Record<string, { topic: string } & ReturnType<StreamCheck['summary']>>
  readonly findings: readonly Finding[]
  /** What a replay would report about the streams, one line each. */
  readonly notices: readonly string[]
  /** Number of observations that a replay would give. */
  readonly observations: number
  /** Absolute seconds that the stamps of findings count from. */
  readonly stampEpochSec: number
}

/**
 * Checks a recording against a robot file. It replays the whole recording once, so that it judges every message as a
 * replay does.
 */
export async function checkBag(
  bag: Pick<Bag, 'topics' | 'foreign' | 'epochSec' | 'batches'>,
  robot: Robot,
): Promise<BagCheck> {
  const findings: Finding[] = []
  const checks = new Map<string, StreamCheck>()
  const clock = await stampClock(bag, robot)
  const fates = new StreamFates(robot, clock)
  for (const stream of robot.streams) {
    const topic = bag.topics.find(({ name }) => name === stream.topic)
    if (!topic) {
      const foreign = bag.foreign.find(({ name }) => name === stream.topic)
      findings.push(
        finding(
          stream.name,
          'missing',
          foreign
            ? `${stream.topic} is ${foreign.type} in ${foreign.encoding}: only CDR of ROS 2 is read`
            : `${stream.topic} is not in the recording`,
        ),
      )
      continue
    }
    if (topic.type !== stream.type) {
      findings.push(
        finding(
          stream.name,
          'type',
          `${stream.topic} is ${topic.type} in the recording, ${stream.type} in the robot file`,
        ),
      )
      continue
    }
    checks.set(stream.name, new StreamCheck(stream, robot, { oneClock: clock.apart === 0 }))
  }
  const notices: string[] = []
  const depths = new Map(
    robot.streams.filter(({ modality }) => modality === 'depth').map(({ name }) => [name, new MedianDepth()]),
  )
  const counters = await replayBag({
    bag,
    robot,
    clock,
    rate: 'max',
    onNotice: text => notices.push(text),
    onObservation: ({ values }) => {
      for (const [name, median] of depths) {
        const value = values.get(name)
        if (value?.kind === 'depth') median.add(value)
      }
    },
    onSample: (index, stamp, receive, dropped) => {
      fates.take(index, stamp, receive, dropped)
      checks.get(robot.streams[index]!.name)?.add(stamp, receive, dropped)
    },
  })
  const streams: BagCheck['streams'] = {}
  for (const stream of robot.streams) {
    const check = checks.get(stream.name)
    if (!check) continue
    streams[stream.name] = { topic: stream.topic, ...check.summary() }
    findings.push(...check.findings())
    const unlikely = depths.get(stream.name)?.doubt(stream)
    if (unlikely !== undefined) findings.push(finding(stream.name, 'depth', unlikely))
  }
  for (const { stream, text } of fates.lost(counters))
    if (checks.has(stream)) findings.push(finding(stream, 'lost', text))
  return { streams, findings, notices, observations: counters.observations, stampEpochSec: clock.epochSec }
}

/**
 * The check of a recording against a robot file, as `prehend check` shows it. The stamps of findings are "sec.nanosec".
 */
export interface RecordingCheck {
  readonly path: string
  readonly durationS: number
  /** How the recording is damaged. Null: it is not. */
  readonly damage: string | null
  readonly observations: number
  readonly streams: BagCheck['streams']
  readonly findings: readonly (Omit<Finding, 'stamps'> & { readonly stamps: readonly string[] })[]
  readonly notices: readonly string[]
}

/** Opens the recording at `path` and checks it with `checkBag`. Throws, in one line, where it cannot be read. */
export async function checkRecording(
  path: string,
  robot: Robot,
  progress: (line: string) => void,
): Promise<RecordingCheck> {
  const bag = await openBag(path)
  try {
    progress(`reading ${path}`)
    const { streams, findings, notices, observations, stampEpochSec } = await checkBag(bag, robot)
    const epoch = new Epoch(stampEpochSec)
    return {
      path,
      durationS: bag.durationNs / 1e9,
      damage: bag.damage ?? null,
      observations,
      streams,
      findings: findings.map(found => ({ ...found, stamps: found.stamps.map(stamp => epoch.format(stamp)) })),
      notices,
    }
  } finally {
    await bag.close()
  }
}
