import type { Aligner } from '../../fusion/aligner.js'
import type { DropReason } from '../../fusion/counters.js'
import type { TypeName } from '../../middleware/messages.js'
import type { Robot } from '../../robots/robot.js'
import type { Arrivals } from './arrivals.js'

/** A topic that the fusion node of a robot file subscribes to. */
export interface HeardTopic {
  readonly topic: string
  readonly type: TypeName
}

/**
 * What takes the messages of one subscription: those of a stream, or the announcements that begin episodes. Two inlets
 * may have the same topic.
 */
export interface Inlet extends HeardTopic {
  readonly kind: 'reset' | 'stream'
  /** `receive`: ns since the run's epoch, never decreasing. Returns whether the message was taken. */
  take(message: never, receive: number): boolean
  /** Counts a message that cannot be taken. */
  refuse(reason: DropReason): void
}

/**
 * The topics of a robot's streams and of its episodes, in the order in which they are subscribed to. The announcements
 * of episodes come first. An announcement may wait in its queue while the command that follows it waits in another. A
 * ROS executor then takes the message of the older subscription first.
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
  /** Told that an episode begins, right before the aligner is reset. */
  readonly onReset?: (receive: number) => void
}

/**
 * One inlet for each of `heardTopics`, in their order. They lead to the aligner, in a live node as in a replay. An
 * inlet remembers its source, so new sources need new inlets.
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
