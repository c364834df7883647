import type { Bus } from '../../middleware/bus.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SystemClock } from '../../middleware/local/system-clock.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'
import type { Robot } from '../../robots/robot.js'
import { ROOT } from '../../robots/topic-name.js'
import type { Closing } from './closing.js'
import { useFastDdsProfile } from './fast-dds-profile.js'

/** What the nodes of a real robot stand on. */
export interface RobotGround {
  readonly bus: Bus
  /** Absolute seconds at stamp 0. Undefined: the time of the first message. */
  readonly epochSec: (() => number) | undefined
  /** Closed last, in this order. */
  readonly closings: readonly Closing[]
}

export interface RobotGroundOptions {
  readonly robot: Robot
  /** Called with one line that the user should know. */
  readonly onNotice: (text: string) => void
  readonly onError: (error: unknown) => void
}

/** No ROS: the robot is on serial ports of this machine. */
export function serialPorts({ onError }: Pick<RobotGroundOptions, 'onError'>): RobotGround {
  const clock = new SystemClock()
  return {
    bus: new LocalBus(clock, { onError }),
    epochSec: undefined,
    closings: [{ name: 'clock', close: () => clock.close() }],
  }
}

/** ROS 2 topics, by a node of this name in the robot's namespace. Rejects with the errors of `Ros2Process.start`. */
export async function ros2Topics(name: string, { robot, onNotice, onError }: RobotGroundOptions): Promise<RobotGround> {
  useFastDdsProfile()
  const namespace = robot.namespace === ROOT ? [] : ['--ros-args', '-r', `__ns:=${robot.namespace}`]
  const ros = await Ros2Process.start(name, ['prehend', ...namespace])
  const bus = new Ros2Bus(ros.rcl, ros.node, { onError, onWarning: (topic, text) => onNotice(`${topic}: ${text}`) })
  return {
    bus,
    epochSec: () => bus.clock.epochSec,
    closings: [{ name: 'ROS 2', close: () => ros.close() }],
  }
}
