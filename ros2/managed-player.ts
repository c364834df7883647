import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { heardTopics } from '../nodes/intake/inlets.js'
import { UsageError } from '../app/output/output.js'
import { nodeKind, type NodeParts } from './node-kind.js'
import { PlayerNode } from './player-node.js'

export const player = nodeKind({
  parameters: {
    bag: parameter({ type: 'string', default: '', readOnly: true, description: 'path of the recording' }),
    rate: parameter({
      type: 'double',
      default: 1,
      range: { min: 0.01, max: 100 },
      readOnly: true,
      description: 'speed, as a multiple of real time',
    }),
    wait: parameter({
      type: 'double',
      default: 10,
      range: { min: 0, max: 3600 },
      unit: 's',
      readOnly: true,
      description:
        'how long it waits for subscribers of /clock and of the topics that a fusion node with the same ' +
        'robot file subscribes to. Then it plays without them. 0: it does not wait',
    }),
    loop: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'whether it begins again at the end; the time then jumps back',
    }),
  },
  make({ ros, robot, parameters, log }) {
    const path = parameters.get('bag')
    if (path === '') throw new UsageError('player: no recording: name one with -p bag:=PATH')
    const node = new PlayerNode({
      ros,
      path,
      rate: parameters.get('rate'),
      loop: parameters.get('loop'),
      heard: heardTopics(robot),
      wait: parameters.get('wait'),
      log,
    })
    return Promise.resolve<NodeParts>({
      node,
      done: node.done,
      status: (): Status[] => [
        {
          name: path,
          level: node.unacknowledged.length > 0 ? 'warn' : 'ok',
          message: node.unacknowledged.length > 0 ? `not acknowledged: ${node.unacknowledged.join(', ')}` : node.state,
          values: { played: node.played },
        },
      ],
    })
  },
})
