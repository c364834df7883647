import { UsageError } from '../app/output/output.js'
import { isCellSource } from '../app/session/cells.js'
import { parameter } from '../middleware/parameters.js'
import type { Status } from '../middleware/ros2/diagnostics.js'
import { FramePublisher } from '../middleware/ros2/frame-publisher.js'
import { CellNode } from './cell-node.js'
import { FRAME_PREFIX, nodeKind, type NodeParts } from './node-kind.js'

export const cell = nodeKind({
  parameters: {
    source: parameter({
      type: 'string',
      default: 'sim',
      readOnly: true,
      description:
        'the physics: sim (the embedded cell), or gazebo (a world that runs; its camera, wrist sensor and ' +
        '/clock come by ros_gz_bridge, and use_sim_time must be true)',
    }),
    seed: parameter({
      type: 'integer',
      default: 1,
      range: { min: 0, max: 2 ** 31 - 1 },
      readOnly: true,
      description: 'seed of all episodes',
    }),
    objects: parameter({
      type: 'string',
      default: 'seen',
      readOnly: true,
      description: 'object set: seen, unseen, or a YAML file',
    }),
    episodes: parameter({
      type: 'integer',
      default: 0,
      range: { min: 0, max: 1_000_000 },
      readOnly: true,
      description: 'how many; 0: until it is deactivated',
    }),
    wait: parameter({
      type: 'double',
      default: 30,
      range: { min: 0, max: 3600 },
      unit: 's',
      readOnly: true,
      description:
        "how long an episode waits until each of the robot file's topics has a subscriber, the arm's " +
        'set-points and the action chunks have a publisher, and the managed nodes among these are active. ' +
        'Then it begins without them. 0: it does not wait, for set-ups in which nothing publishes chunks',
    }),
    say: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: 'command of every episode, whose object is then on the table; empty: each episode draws its own',
    }),
    await_command: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description:
        "true: others say the commands. An episode's clock then begins with the first command, and `say` only " +
        'tells which object is on the table',
    }),
    gripper_link: parameter({
      type: 'string',
      default: '',
      readOnly: true,
      description: "path of a symbolic link to the gripper's pseudo-terminal; empty: none",
    }),
    publish_clock: parameter({
      type: 'boolean',
      default: false,
      readOnly: true,
      description: 'whether it publishes its time on /clock; only one robot on a network may',
    }),
    ...FRAME_PREFIX,
  },
  make({ ros, bus, robot, parameters, log }) {
    const source = parameters.get('source')
    if (!isCellSource(source)) throw new UsageError(`source: ${source}: expected sim or gazebo`)
    if (source === 'gazebo') {
      if (ros.node.getParameter('use_sim_time').value !== true)
        throw new UsageError('source: gazebo: its time comes by /clock: set use_sim_time to true')
      if (parameters.get('publish_clock'))
        throw new UsageError(
          'publish_clock: with the source gazebo /clock comes from Gazebo, by ros_gz_bridge: leave it false',
        )
    }
    const framePrefix = parameters.get('frame_prefix')
    const frames = new FramePublisher({ ros, bus, frames: robot.frames, prefix: framePrefix, log })
    const node = new CellNode({
      ros: ros.node,
      bus,
      robot,
      frames,
      framePrefix,
      source,
      seed: parameters.get('seed'),
      objects: parameters.get('objects'),
      count: parameters.get('episodes'),
      wait: parameters.get('wait'),
      say: parameters.get('say'),
      awaitCommand: parameters.get('await_command'),
      gripperLink: parameters.get('gripper_link'),
      publishClock: parameters.get('publish_clock'),
      log: text => log.info(text),
      warn: text => log.warn(text),
      onError: error => log.error(String(error)),
    })
    return Promise.resolve<NodeParts>({
      node,
      done: node.done,
      status: (): Status[] => [
        {
          name: 'cell',
          level: 'ok',
          message: `${node.state}, ${node.successes} of ${node.episodes} episodes won`,
          values: { episodes: node.episodes, successes: node.successes, real_time_factor: node.realTimeFactor },
        },
      ],
      closings: [{ name: 'frames', close: () => frames.dispose() }],
    })
  },
})
