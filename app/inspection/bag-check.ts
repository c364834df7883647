import type { Robot } from '../../robots/robot.js'
import type { Bag } from '../../middleware/bag/bag.js'
import { MedianDepth } from './median-depth.js'
import { replayBag, stampClock } from '../replay/replay-bag.js'
import { finding, StreamCheck, type Finding } from './stream-check.js'
import { StreamFates } from './stream-fates.js'

export interface BagCheck {
  readonly streams: Record<string, { topic: string } & ReturnType<StreamCheck['summary']>>
  readonly findings: readonly Finding[]
  /** What a replay of it would tell of its streams, one line each. */
  readonly notices: readonly string[]
  /** What a replay of it would give. */
  readonly observations: number
  /** Absolute seconds that the stamps of findings count from. */
  readonly stampEpochSec: number
}

/**
 * Holds a recording against a robot file: replays all of it once, so that what it says of a message is what a replay
 * does with it.
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
