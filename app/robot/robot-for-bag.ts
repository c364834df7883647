import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import { parseRobot } from '../../robots/robot-file.js'
import { referenceOf } from '../../fusion/stream-clock.js'
import { recognise } from '../../robots/recognise.js'
import type { Robot } from '../../robots/robot.js'
import { shortList } from '../../robots/validation.js'
import type { Bag } from '../../middleware/bag/bag.js'
import { UsageError } from '../output/output.js'
import { readRobot } from './load-robot.js'

/**
 * The robot of a bag: from the robot file `robot`, else from the one in the recording, else from the types and names of
 * the topics. `tare` (s) replaces that of every wrench. `namespace` is that of relative topics, unless the file has its
 * own. Throws, in one line, where the bag lacks the reference stream, or has a topic of the robot with another type.
 */
export function robotForBag(
  bag: Bag,
  flags: { readonly robot?: string; readonly namespace?: string; readonly tare?: number },
): { robot: Robot; source: string } {
  const { robot, source } = found(bag, flags)
  requireFit(bag, robot)
  return { robot: flags.tare === undefined ? robot : withTare(robot, flags.tare), source }
}

function found(
  bag: Bag,
  { robot: named, namespace }: { readonly robot?: string; readonly namespace?: string },
): { robot: Robot; source: string } {
  if (named !== undefined) return { robot: readRobot(named, namespace), source: named }
  if (bag.topics.length === 0 && bag.damage !== undefined)
    throw new UsageError(`${bag.path}: ${bag.damage}, before its first message: nothing is left to read`)
  if (bag.topics.length === 0 && bag.foreign.length > 0)
    throw new UsageError(
      `${bag.path}: has no messages of ROS 2 (${told(bag.foreign)}): convert it, or record it with ros2 bag`,
    )
  const recorded = bag.metadata.robot
  if (recorded !== undefined)
    return {
      robot: parseRecordedRobot(recorded, `${bag.path} (recorded robot file; --robot FILE names another)`, namespace),
      source: 'the one in the recording',
    }
  return { robot: recognise(bag.topics, bag.path), source: 'none: streams recognised by type and name' }
}

function requireFit(bag: Bag, robot: Robot): void {
  const { tick, streams, name } = robot
  const present = streams.filter(stream => {
    const topics = bag.topics.filter(topic => topic.name === stream.topic)
    if (topics.length > 0 && !topics.some(({ type }) => type === stream.type)) {
      throw new UsageError(
        `${bag.path}: ${stream.topic} is ${topics.map(({ type }) => type).join(' and ')} in the ` +
          `recording, ${stream.type} in robot ${name} (stream ${stream.name}): ` +
          'mend the robot file (--robot FILE)',
      )
    }
    const foreign = bag.foreign.filter(topic => topic.name === stream.topic)
    if (topics.length === 0 && foreign.length > 0) {
      throw new UsageError(
        `${bag.path}: ${told(foreign)}, and robot ${name} asks for it (stream ${stream.name}): only CDR ` +
          'of ROS 2 is read; convert the topic, or leave the stream out of the robot file',
      )
    }
    return topics.length > 0
  })
  const needed = referenceOf(robot)
  if (needed === undefined || present.includes(needed)) return
  throw new UsageError(
    `${bag.path}: robot ${name} ticks ` +
      `${'from' in tick ? 'from' : 'at a fixed rate from the first message of'} ${needed.topic} (stream ` +
      `${needed.name}), which the recording does not have ` +
      `(it has ${shortList(bag.topics.map(topic => topic.name)) || 'no topics'}): name another robot ` +
      'file (--robot FILE)',
  )
}

/** The topics with their encodings, in words. */
function told(foreign: Bag['foreign']): string {
  return (
    foreign
      .slice(0, 5)
      .map(({ name, type, encoding }) => `${name} is ${type || 'of no type'} in ${encoding}`)
      .join(', ') + (foreign.length > 5 ? ', …' : '')
  )
}

function withTare(robot: Robot, tare: number): Robot {
  const canonical = JSON.parse(robot.canonical) as { streams: Record<string, { tare?: number }> }
  for (const { name, modality } of robot.streams) if (modality === 'force') canonical.streams[name]!.tare = tare
  return parseRobot(JSON.stringify(canonical), '--tare')
}
