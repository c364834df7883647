import { wholeName } from '../robots/topic-name.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { VoiceNode } from '../nodes/voice-node.js'
import { UsageError } from '../app/output/output.js'
import { nodeKind } from './node-kind.js'

export const voice = nodeKind({
  parameters: {
    input: parameter({
      type: 'string',
      default: 'speech/text',
      readOnly: true,
      description: 'topic of the recogniser (std_msgs/String)',
    }),
  },
  make({ ros, bus, robot, parameters }) {
    const stream = robot.streams.find(stream => stream.modality === 'voice')
    if (stream === undefined)
      throw new UsageError(`robot ${robot.name}: it has no voice stream: the voice node has nothing to do`)
    const node = new VoiceNode({ bus, topic: stream.topic, type: stream.type })
    const input = wholeName(parameters.get('input'), ros.node.namespace())
    const subscription = bus.subscribe(input, 'std_msgs/msg/String', ({ data }) => node.say(data))
    return Promise.resolve({
      node,
      status: (): Status[] => [
        { name: input, level: 'ok', message: node.state, values: { to: stream.topic, events: node.events } },
      ],
      close: () => {
        subscription.dispose()
        return Promise.resolve()
      },
    })
  },
})
