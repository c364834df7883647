import type { Robot } from '../fusion/robot/robot.js'
import type { Bag, BagMessage } from '../middleware/bag/bag.js'
import { decode } from '../middleware/cdr/codecs.js'
import type { TypeName } from '../middleware/messages.js'
import { finding, StreamCheck, type Finding } from './stream-check.js'

export interface BagCheck {
  readonly streams: Record<string, { topic: string } & ReturnType<StreamCheck['summary']>>
  readonly findings: readonly Finding[]
}

/** Holds a recording against a robot file: reads all of it once, message by message. */
export async function checkBag(bag: Pick<Bag, 'topics' | 'foreign' | 'epochSec' | 'batches'>, robot: Robot): Promise<BagCheck> {
  const findings: Finding[] = []
  const checks = new Map<string, StreamCheck>()
  const readers = new Map<string, ((message: BagMessage) => void)[]>()
  for (const stream of robot.streams) {
    const topic = bag.topics.find(({ name }) => name === stream.topic)
    if (!topic) {
      const foreign = bag.foreign.find(({ name }) => name === stream.topic)
      findings.push(finding(stream.name, 'missing', foreign ? `${stream.topic} is ${foreign.type} in ${foreign.encoding}: only CDR of ROS 2 is read` : `${stream.topic} is not in the recording`))
      continue
    }
    if (topic.type !== stream.type) {
      findings.push(finding(stream.name, 'type', `${stream.topic} is ${topic.type} in the recording, ${stream.type} in the robot file`))
      continue
    }
    const check = new StreamCheck(stream, robot)
    checks.set(stream.name, check)
    const stampOf = stream.timeline === 'receive' ? (message: BagMessage) => message.receive : headerStamp(stream.type, bag.epochSec)
    const read = (message: BagMessage): void => check.add(stampOf(message), message.receive)
    readers.set(stream.topic, [...readers.get(stream.topic) ?? [], read])
  }
  for await (const batch of bag.batches()) {
    for (const message of batch) {
      for (const read of readers.get(message.topic) ?? []) read(message)
    }
  }
  const streams: BagCheck['streams'] = {}
  for (const stream of robot.streams) {
    const check = checks.get(stream.name)
    if (!check) continue
    streams[stream.name] = { topic: stream.topic, ...check.summary() }
    findings.push(...check.findings())
  }
  return { streams, findings }
}

/** A message that cannot be read has no stamp. */
function headerStamp(type: string, epochSec: number): (message: BagMessage) => number {
  return message => {
    try {
      const decoded: object = decode(type as TypeName, message.data, epochSec)
      return 'stamp' in decoded && typeof decoded.stamp === 'number' ? decoded.stamp : 0
    } catch {
      return 0
    }
  }
}
