import { BagWriter } from '../../middleware/bag/bag-writer.js'
import type { Bus } from '../../middleware/bus.js'
import type { TypeName } from '../../middleware/messages.js'
import { actuatorTopics } from '../../nodes/actuator-topics.js'
import { commandTopics } from '../../nodes/command-wiring.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { Recorder } from '../../nodes/recorder.js'
import type { Robot } from '../../robots/robot.js'
import { ANSWERS } from './demonstration.js'
import { episodeTopics } from './episode-topics.js'

export interface CellRecordingOptions {
  readonly robot: Robot
  /** Name of the policy, for the recording's metadata. */
  readonly policy: string
  readonly mode: 'realtime' | 'lockstep'
  readonly overwrite?: boolean | undefined
  /** Absolute seconds at stamp 0. Default: the time of the first message. */
  readonly epochSec?: (() => number) | undefined
  readonly onError: (error: unknown) => void
  /** The disk refused, so the recording has ended. `onError` was called before. */
  readonly onRecordingLost?: (() => void) | undefined
}

/**
 * Records to `path` the topics of a loop on a cell: the robot's streams and set-points, action chunks, who is
 * followed, the expert's answers, episodes and their results. Throws where the recording cannot be begun.
 */
export function recordCell(
  bus: Bus,
  path: string,
  { robot, policy, mode, overwrite, epochSec, onError, onRecordingLost }: CellRecordingOptions,
): Recorder {
  const topics: { topic: string; type: TypeName }[] = robot.streams.map(s => ({
    topic: s.topic,
    type: s.type as TypeName,
  }))
  topics.push(
    ...actuatorTopics(robot),
    { topic: chunkTopic(robot), type: 'prehend_interfaces/msg/ActionChunk' },
    { topic: commandTopics(robot).chunks, type: 'prehend_interfaces/msg/ActionChunk' },
    { topic: commandTopics(robot).followed, type: 'std_msgs/msg/String' },
    ...ANSWERS,
    ...Object.values(episodeTopics(robot)).map(topic => ({ topic, type: 'std_msgs/msg/String' as const })),
  )
  const writer = new BagWriter(path, {
    overwrite,
    realTime: mode === 'realtime',
    ...(epochSec && { epochSec }),
    metadata: { robot: robot.canonical, sha256: robot.sha256, policy },
    onFailure: error => {
      onError(error)
      onRecordingLost?.()
    },
  })
  return new Recorder(bus, writer, topics)
}
