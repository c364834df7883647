import type { Align } from '../../../fusion/align/align.js'
import type { Stream } from '../../../fusion/stream.js'
import type { JointValues } from '../../../fusion/stream-types/stream-type.js'
import { STREAM_TYPES, valueNames } from '../../../fusion/stream-types/stream-types.js'
import type { Bag } from '../../../middleware/bag/bag.js'
import { decode } from '../../../middleware/cdr/codecs.js'
import type { TypeName } from '../../../middleware/messages.js'
import type { Actuator, Robot } from '../../../robots/robot.js'
import { UsageError } from '../../output/output.js'
import { jointChannel, type ActionChannel } from './action.js'

/** ns. A velocity that was commanded longer ago counts no more: controllers stop then. */
const OLDEST_VELOCITY = 200e6

/** A topic with commands, and the actuator that they are for. */
export interface CommandTopic {
  readonly topic: string
  readonly type: string
  /** Undefined: it is found by the joints. */
  readonly actuator: Actuator | undefined
}

interface Commands {
  readonly stream: Stream
  readonly channels: readonly ActionChannel[]
}

/**
 * Recorded commands as streams beside those of the robot. In force at a time is the newest whose stamp is not after it
 * and that is not older than its `asof`.
 */
export class CommandStreams {
  readonly streams: readonly Stream[]
  readonly channels: readonly ActionChannel[]

  /** Looks at the first message of each topic. Throws UsageError where its commands cannot be understood. */
  static async of(bag: Bag, robot: Robot, topics: readonly CommandTopic[]): Promise<CommandStreams> {
    const first = await firstMessages(bag, topics)
    return new CommandStreams(topics.map(topic => commandsOf(topic, first.get(topic.topic), robot, bag.path)))
  }

  private constructor(commands: readonly Commands[]) {
    this.streams = commands.map(({ stream }) => stream)
    this.channels = commands.flatMap(({ channels }) => channels)
  }
}

async function firstMessages(bag: Bag, topics: readonly CommandTopic[]): Promise<ReadonlyMap<string, object>> {
  const found = new Map<string, object>()
  for await (const batch of bag.batches()) {
    for (const { topic, type, data } of batch) {
      if (found.has(topic) || !topics.some(each => each.topic === topic && each.type === type)) continue
      found.set(topic, decode(type as TypeName, data, bag.epochSec) as object)
      if (found.size === topics.length) return found
    }
  }
  return found
}

function commandsOf(
  { topic, type, actuator }: CommandTopic,
  message: object | undefined,
  { actuators }: Robot,
  where: string,
): Commands {
  const declared = STREAM_TYPES.get(type)
  if (message === undefined || declared?.kind !== 'vector')
    throw new UsageError(`${where}: ${topic} has no message that can be read`)
  const isStamped = !declared.unstamped && (message as { readonly stamp?: number }).stamp !== 0
  const align: Align =
    type === 'geometry_msgs/msg/TwistStamped' ? { strategy: 'asof', maxAge: OLDEST_VELOCITY } : { strategy: 'hold' }
  const stream: Stream = {
    name: `action ${topic}`,
    topic,
    type,
    modality: 'proprioception',
    timeline: isStamped ? 'header' : 'receive',
    clock: 'ours',
    tare: 0,
    select: [],
    align,
  }
  if (declared.selectable) {
    const named = declared.joints ? declared.joints(message as never).name : (message as JointValues).name
    const owner = actuator ?? ownerOf(named, actuators)
    const joints = owner?.joints ?? named
    const missing = joints.filter(joint => !named.includes(joint))
    if (missing.length > 0)
      throw new UsageError(
        `${where}: ${topic} has no ${missing.join(', ')} of actuator ${owner?.name ?? ''} (it has ${named.join(', ')})`,
      )
    return {
      stream: { ...stream, select: joints.map(joint => `position.${joint}`) },
      channels: joints.map(joint => jointChannel(owner?.name ?? topic, joint, 'position')),
    }
  }
  const of = actuator?.name ?? topic
  const names = valueNames(stream)
  if (names !== undefined) return { stream, channels: names.map(name => ({ name, of })) }
  const count = declared.values?.(message as never).length ?? 0
  const joints = actuator?.joints ?? []
  if (actuator === undefined || !('values' in actuator))
    return { stream, channels: Array.from({ length: count }, (_, i) => ({ name: `value_${i}`, of })) }
  if (count !== joints.length)
    throw new UsageError(`${where}: ${topic} has ${count} numbers, actuator ${of} takes ${joints.join(', ')}`)
  return { stream, channels: joints.map(joint => jointChannel(of, joint, actuator.values)) }
}

/** The only actuator all of whose joints are named. */
function ownerOf(named: readonly string[], actuators: readonly Actuator[]): Actuator | undefined {
  const owners = actuators.filter(({ joints }) => joints.length > 0 && joints.every(joint => named.includes(joint)))
  return owners.length === 1 ? owners[0] : undefined
}
