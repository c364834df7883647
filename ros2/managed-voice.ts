import { wholeName } from '../robots/topic-name.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { UsageError } from '../app/output/output.js'
import { voicePart } from '../app/session/parts/voice-part.js'
import { Session } from '../app/session/session.js'
import { nodeKind, type NodeParts } from './node-kind.js'

export const voice = nodeKind({
  parameters: {
    input: parameter({
      type: 'string',
      default: 'speech/text',
      readOnly: true,
      description: 'topic of the recogniser (std_msgs/String)',
    }),
  },
  make({ ros, bus, robot, parameters, log }) {
    const stream = robot.streams.find(stream => stream.modality === 'voice')
    if (stream === undefined)
      throw new UsageError(`robot ${robot.name}: it has no voice stream: the voice node has nothing to do`)
    const { voice: node } = Session.assemble(
      { robot, bus, onError: error => log.error(String(error)) },
      { voice: voicePart({ topic: stream.topic, type: stream.type }) },
    ).nodes
    const input = wholeName(parameters.get('input'), ros.node.namespace())
    const subscription = bus.subscribe(input, 'std_msgs/msg/String', ({ data }) => node.say(data))
    return Promise.resolve<NodeParts>({
      node,
      status: (): Status[] => [
        { name: input, level: 'ok', message: node.state, values: { to: stream.topic, events: node.events } },
      ],
      closings: [{ name: `subscription ${input}`, close: () => subscription.dispose() }],
    })
  },
})
