import { wholeName } from '../robots/topic-name.js'
import { parameter } from '../middleware/parameters.js'
import { FramePublisher } from '../middleware/ros2/frame-publisher.js'
import { ImageRelayNode } from '../nodes/image-relay.js'
import { UsageError } from '../app/output/output.js'
import { relayOf } from './image-transport.js'
import { FRAME_PREFIX, nodeKind, type NodeParts } from './node-kind.js'
import { StreamHealth } from './stream-health.js'

export const camera = nodeKind({
  parameters: {
    rgb_input: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description:
        "colour topic of the driver, without its transport; empty: the robot file's topic, whose raw images " +
        'are then only checked',
    }),
    rgb_transport: parameter({
      type: 'string',
      default: 'raw',
      readOnly: true,
      description:
        'transport of rgb_input that is subscribed to: raw, compressed (JPEG or PNG) or compressedDepth. ' +
        'Compressed images are decoded where the robot file wants images',
    }),
    depth_input: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description:
        "depth topic of the driver, aligned to colour, without its transport; empty: the robot file's topic, " +
        'whose raw images are then only checked',
    }),
    depth_transport: parameter({
      type: 'string',
      default: 'raw',
      readOnly: true,
      description:
        'transport of depth_input that is subscribed to: raw, compressed (PNG) or compressedDepth (PNG or RVL)',
    }),
    crop: parameter({
      type: 'string',
      default: 'none',
      readOnly: true,
      description:
        'none, or square: the node publishes the square in the middle, for a policy that was trained on ' +
        'square pictures',
    }),
    ...FRAME_PREFIX,
  },
  make({ ros, bus, robot, parameters, log }) {
    const crop = parameters.get('crop')
    if (crop !== 'none' && crop !== 'square') throw new UsageError(`crop: ${crop}: expected none or square`)
    const relays = (['rgb', 'depth'] as const).flatMap(modality => {
      const stream = robot.streams.find(stream => stream.modality === modality)
      const base = parameters.get(`${modality}_input`)
      return stream
        ? [
            relayOf(stream, {
              base: base && wholeName(base, ros.node.namespace()),
              transport: parameters.get(`${modality}_transport`),
              parameter: `${modality}_transport`,
              square: crop === 'square',
            }),
          ]
        : []
    })
    if (relays.length === 0)
      throw new UsageError(`robot ${robot.name}: it has no rgb and no depth stream: the camera node has nothing to do`)
    const framePrefix = parameters.get('frame_prefix')
    const checked = relays.find(({ from, to }) => from === to)
    if (framePrefix !== '' && checked)
      throw new UsageError(
        `frame_prefix: ${framePrefix}: the images of ${checked.to} are only checked here, not passed on: ` +
          `name the driver's topic as the input, or leave the prefix to the driver`,
      )
    const frames = new FramePublisher({ ros, bus, frames: robot.frames, prefix: framePrefix, log })
    const node = new ImageRelayNode({
      bus,
      relays,
      framePrefix,
      onFrameId: frameId => frames.fixed(frameId),
      onNotice: text => log.warn(text),
      onError: error => log.error(String(error)),
    })
    const healths = relays.map(({ from }) => new StreamHealth({ bus, log, topic: from }))
    return Promise.resolve<NodeParts>({
      node,
      status: () =>
        node.counters.map(({ to, images, dropped }, i) =>
          healths[i]!.status({
            taken: images,
            dropped,
            listening: node.state === 'active',
            fine: node.state,
            values: { to, images },
          }),
        ),
      closings: [{ name: 'frames', close: () => frames.dispose() }],
    })
  },
})
