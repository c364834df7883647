import { wholeName } from '../robots/topic-name.js'
import { parameter } from '../middleware/parameters.js'
import { FramePublisher } from '../middleware/ros2/frame-publisher.js'
import { RawWrenchTopic } from '../nodes/raw-wrench-topic.js'
import { UsageError } from '../app/output/output.js'
import { forceTorquePart } from '../app/session/parts/force-torque-part.js'
import { Session } from '../app/session/session.js'
import { FRAME_PREFIX, nodeKind, type NodeParts } from './node-kind.js'
import { StreamHealth } from './stream-health.js'

export const forceTorque = nodeKind({
  parameters: {
    input: parameter({
      type: 'string',
      default: 'ft_sensor/wrench',
      readOnly: true,
      description: "wrench topic of the sensor's driver (geometry_msgs/WrenchStamped)",
    }),
    frame_id: parameter({
      type: 'string',
      default: 'wrist',
      readOnly: true,
      description: 'frame of the wrenches that are published',
    }),
    tare: parameter({
      type: 'double',
      default: 0,
      range: { min: 0, max: 10 },
      unit: 's',
      readOnly: true,
      description:
        'how long the offset is averaged after the activation. It is then subtracted. 0: wrenches are ' +
        'published as measured',
    }),
    ...FRAME_PREFIX,
  },
  make({ ros, bus, robot, parameters, log }) {
    const topic = robot.streams.find(stream => stream.modality === 'force')?.topic
    const input = wholeName(parameters.get('input'), ros.node.namespace())
    if (topic === undefined)
      throw new UsageError(`robot ${robot.name}: it has no force stream: the force_torque node has nothing to do`)
    if (topic === input)
      throw new UsageError(
        `force_torque: input ${input} is the robot file's own topic: it would hear itself; name the ` +
          `driver's topic, or leave this node out`,
      )
    const frameId = parameters.get('frame_id')
    const prefix = parameters.get('frame_prefix')
    const frames = new FramePublisher({ ros, bus, frames: robot.frames, prefix, log })
    frames.fixed(frameId)
    const source = new RawWrenchTopic(bus, input, text => log.warn(text))
    const { forceTorque: node } = Session.assemble(
      { robot, bus, framePrefix: prefix, onError: error => log.error(String(error)) },
      { forceTorque: forceTorquePart({ source, topic, frameId, tare: Math.round(parameters.get('tare') * 1e9) }) },
    ).nodes
    const health = new StreamHealth({ bus, log, topic: input })
    return Promise.resolve<NodeParts>({
      node,
      status: () => [
        health.status({
          taken: node.samples,
          dropped: { nan: node.dropped, ...source.dropped },
          listening: node.state === 'active',
          fine: node.state,
          values: { to: topic, samples: node.samples },
        }),
      ],
      closings: [{ name: 'frames', close: () => frames.dispose() }],
    })
  },
})
