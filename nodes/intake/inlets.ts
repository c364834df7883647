import type { Aligner } from '../../fusion/aligner.js'
import type { DropReason } from '../../fusion/counters.js'
import type { TypeName } from '../../middleware/messages.js'
import type { Robot } from '../../robots/robot.js'
import type { Arrivals } from './arrivals.js'

/** What a robot file has a fusion node listen to. */
export interface HeardTopic {
  readonly topic: string
  readonly type: TypeName
}

/** Where the messages of one stream come in, or the announcements that begin episodes. Two may be of one topic. */
export interface Inlet extends HeardTopic {
  readonly kind: 'reset' | 'stream'
  /** `receive`: ns since the run's epoch, never decreasing. Answers whether the message was taken. */
  take(message: never, receive: number): boolean
  /** Counts a message that cannot be taken. */
  refuse(reason: DropReason): void
}

/**
 * The topics of a robot's streams and of its episodes, in the order in which they are subscribed to. The announcements
 * come first: where one waits together with the command that follows it on another topic, a ROS executor takes what was
 * subscribed to first.
 */
export function heardTopics({ streams, reset }: Robot): HeardTopic[] {
  return [
    ...(reset ? [{ topic: reset.topic, type: 'std_msgs/msg/String' as const }] : []),
    ...streams.map(({ topic, type }) => ({ topic, type: type as TypeName })),
  ]
}

export interface InletsOptions {
  readonly robot: Robot
  readonly aligner: Aligner
  readonly arrivals: Arrivals
  /** An episode begins, in its turn: right before the aligner is reset. */
  readonly onReset?: (receive: number) => void
}

/**
 * What leads from a robot's topics to the aligner, the same for a live node and for a replay: one inlet for each of
 * `heardTopics`, in their order. Each remembers its source, so a new run of sources needs new inlets.
 */
export function inlets({ robot, aligner, arrivals, onReset }: InletsOptions): Inlet[] {
  const resets = robot.reset ? 1 : 0
  return heardTopics(robot).map((heard, position): Inlet => {
    if (position < resets) {
      return {
        ...heard,
        kind: 'reset',
        take(_message, receive) {
          arrivals.then(receive, () => {
            onReset?.(receive)
            aligner.reset(receive)
          })
          return true
        },
        refuse: () => undefined,
      }
    }
    const index = position - resets
    return { ...heard, kind: 'stream', take: arrivals.take(index), refuse: reason => aligner.count(index, reason) }
  })
}
