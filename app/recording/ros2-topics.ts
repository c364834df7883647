import { messageOf } from '../../middleware/message-of.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { useFastDdsProfile } from '../session/fast-dds-profile.js'
import type { OpenSource } from './topic-source.js'

/** The topics of ROS 2. Messages are written as the bytes that came, so they may have any type that is installed. */
export const openRos2: OpenSource = async ({ onNotice, onError }) => {
  useFastDdsProfile()
  const bus = await Ros2Bus.open('prehend_record', ['prehend'], {
    onError,
    onWarning: (topic, text) => onNotice(`${topic}: ${text}`),
  })
  return {
    epochSec: () => bus.clock.epochSec,
    topics: () => bus.topics().filter(({ publishers }) => publishers > 0),
    record: ({ topic, type }, writer, onMessage) => {
      try {
        return bus.subscribeBytes(topic, type, (data, receive) => {
          writer.writeRaw({ topic, type, receive, data })
          onMessage(receive)
        })
      } catch (error) {
        throw new Error(`${topic}: cannot be recorded: ${type}: ${messageOf(error).split('\n')[0]}`, { cause: error })
      }
    },
    lacks: [],
    begin: async () => undefined,
    close: () => bus.close(),
  }
}
