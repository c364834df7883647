import type { Robot } from '../../robots/robot.js'
import { ROOT, wholeName } from '../../robots/topic-name.js'
import { actuatorTopics } from '../../nodes/actuator-topics.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { UsageError } from '../output/output.js'
import { episodeTopics } from '../session/episode-topics.js'
import type { TopicName } from './topic-source.js'

/** Which topics a recording takes. */
export interface TopicChoice {
  readonly takes: (name: TopicName) => boolean
  /** Absolute names of the topics that the end of a recording names where nothing came on them. */
  readonly expected: readonly string[]
  /** Those of `expected` without which a recording is not whole. That nobody spoke is no loss. */
  readonly needed: readonly string[]
}

export interface ChoiceOptions {
  readonly robot: Robot | undefined
  /** Names as they were typed. */
  readonly topics?: readonly string[] | undefined
  readonly all?: boolean | undefined
}

/**
 * Named topics, all of them, or else what a robot file has: its streams, and where they come the topics of its arms, of
 * its action chunks and of its episodes. Throws UsageError where it is not said which.
 */
export function topicChoice({ robot, topics, all }: ChoiceOptions): TopicChoice {
  if (topics !== undefined && all) throw new UsageError('--topics and --all: name topics, or take all of them')
  if (all) return { takes: () => true, expected: [], needed: [] }
  if (topics !== undefined) {
    const expected = topics.map(topic => wholeName(topic, robot?.namespace ?? ROOT))
    return { takes: ({ topic }) => expected.includes(topic), expected, needed: expected }
  }
  if (robot === undefined) throw new UsageError('what is to be recorded is not said: give --robot, --topics or --all')
  const types = new Map(robot.streams.map(({ topic, type }) => [topic, type]))
  const beside = new Set([
    ...actuatorTopics(robot).map(({ topic }) => topic),
    chunkTopic(robot),
    ...Object.values(commandTopics(robot)),
    ...Object.values(episodeTopics(robot)),
  ])
  return {
    takes: ({ topic, type }) => types.get(topic) === type || (!types.has(topic) && beside.has(topic)),
    expected: [...types.keys()],
    needed: robot.streams.filter(({ align }) => align.strategy !== 'events').map(({ topic }) => topic),
  }
}
