import type { Bag } from '../../../middleware/bag/bag.js'
import { actuatorTopics } from '../../../nodes/actuator-topics.js'
import { chunkTopic } from '../../../nodes/fusion-node.js'
import type { Actuator, Robot } from '../../../robots/robot.js'
import { wholeName } from '../../../robots/topic-name.js'
import { shortList, unknownName } from '../../../robots/validation.js'
import { UsageError } from '../../output/output.js'
import { EXPERT_CHUNK_TOPIC } from '../../session/demonstration.js'
import { CommandStreams, type CommandTopic } from './command-streams.js'

/** Where the actions of a recording come from. */
export type ActionSource =
  | {
      /** Chunks, each the answer to the observation with its stamp. */
      readonly kind: 'chunks'
      readonly topic: string
      /** Who gave them, in words. A set has actions of one source. */
      readonly by: string
    }
  | {
      /** Commands on topics, which hold from one to the next. */
      readonly kind: 'commands'
      readonly commands: CommandStreams
      readonly by: string
    }

const CHUNK_TYPE = 'prehend_interfaces/msg/ActionChunk'
/** The types of topics whose messages are commands. */
const COMMAND_TYPES = [
  'sensor_msgs/msg/JointState',
  'trajectory_msgs/msg/JointTrajectory',
  'std_msgs/msg/Float64MultiArray',
  'geometry_msgs/msg/PoseStamped',
  'geometry_msgs/msg/TwistStamped',
]

export const ACTIONS_TEXT =
  'expert, policy (their chunks), commands (what all actuators were sent), or names of actuators or topics; ' +
  'default: expert if it is there, else policy'

/**
 * The source of the actions of a recording. `wanted`: `expert`, `policy`, `commands`, or names of actuators and topics.
 * Empty: the expert or, without an expert, the policy. Throws UsageError where the recording does not have them.
 */
export async function actionSource(bag: Bag, robot: Robot, wanted: readonly string[] = []): Promise<ActionSource> {
  const [one = '', ...more] = wanted
  const chunks = chunkSource(bag, robot, wanted)
  if (chunks !== undefined) return chunks
  const names = one === 'commands' && more.length === 0 ? robot.actuators.map(({ name }) => name) : wanted
  if (names.length === 0) throw new UsageError(`${bag.path}: robot ${robot.name} has no actuators: say --actions TOPIC`)
  const topics = names.map(name => commandTopic(bag, robot, name))
  const twice = topics.find(({ topic }, i) => topics.findIndex(each => each.topic === topic) !== i)
  if (twice) throw new UsageError(`--actions: ${twice.topic} is named twice`)
  return {
    kind: 'commands',
    commands: await CommandStreams.of(bag, robot, topics),
    by: `the commands on ${topics.map(({ topic }) => topic).join(', ')}`,
  }
}

function chunkSource(bag: Bag, robot: Robot, [one, ...more]: readonly string[]): ActionSource | undefined {
  if (more.length > 0) return undefined
  const has = (topic: string): boolean =>
    bag.topics.some(({ name, type, count }) => name === topic && type === CHUNK_TYPE && count > 0)
  const known = [
    { name: 'expert', topic: EXPERT_CHUNK_TOPIC, by: 'the expert' },
    { name: 'policy', topic: chunkTopic(robot), by: `the policy ${bag.metadata['policy'] ?? '(not named)'}` },
  ]
  const named = known.filter(({ name, topic }) => one === undefined || one === name || one === topic)
  if (one !== undefined && named.length === 0)
    return has(one) ? { kind: 'chunks', topic: one, by: `the chunks on ${one}` } : undefined
  const found = named.find(({ topic }) => has(topic))
  if (found !== undefined) return { kind: 'chunks', topic: found.topic, by: found.by }
  throw new UsageError(
    `${bag.path}: has no answers to learn from (${named.map(({ topic }) => topic).join(' or ')}): record with prehend ` +
      'run --demonstrate --record, or say with --actions where the actions are',
  )
}

/** The topic of commands that `name`, an actuator or a topic, means. */
function commandTopic(bag: Bag, robot: Robot, name: string): CommandTopic {
  const { actuators, namespace } = robot
  const own = actuators.find(actuator => actuator.name === name)
  const topic = own === undefined ? wholeName(name, namespace) : sentOn(own, robot)
  if (topic === undefined)
    throw new UsageError(
      `--actions ${name}: what actuator ${name} is told is on no topic: name a topic that has it, or say --actions policy`,
    )
  const recorded = bag.topics.filter(each => each.name === topic && each.count > 0)
  if (recorded.length === 0) {
    const fitting = bag.topics.filter(({ type, count }) => COMMAND_TYPES.includes(type) && count > 0)
    throw new UsageError(
      own
        ? `${bag.path}: has no messages on ${topic}, where actuator ${name} gets its commands: record that topic too`
        : `${bag.path}: ${unknownName('actuator or recorded topic', name, [...actuators.map(each => each.name), ...fitting.map(each => each.name)])}`,
    )
  }
  const usable = recorded.find(({ type }) => COMMAND_TYPES.includes(type))
  if (usable === undefined)
    throw new UsageError(
      `${bag.path}: ${topic} is ${recorded[0]!.type}, not a command; one is ${shortList(COMMAND_TYPES)}` +
        (recorded[0]!.type === CHUNK_TYPE ? '; name chunks alone' : ''),
    )
  return { topic, type: usable.type, actuator: own ?? actuators.find(actuator => sentOn(actuator, robot) === topic) }
}

/** The topic on which an actuator gets its commands, or that says what it was sent over a bus. */
const sentOn = (actuator: Actuator, { namespace }: Robot): string | undefined =>
  actuatorTopics({ namespace, actuators: [actuator] })[0]?.topic
