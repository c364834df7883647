import type { Robot } from '../fusion/robot/robot.js'

/** What a fusion node listens to, with its robot file: the streams, and the topic that begins episodes. */
export function heardTopics({ streams, reset }: Robot): { topic: string; type: string }[] {
  const topics = streams.map(({ topic, type }) => ({ topic, type }))
  return reset ? [...topics, { topic: reset.topic, type: 'std_msgs/msg/String' }] : topics
}
