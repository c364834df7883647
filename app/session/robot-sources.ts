import { fingerStream } from '../../nodes/finger-state.js'
import { isOfTheLoop } from '../../robots/actuators/arm-and-gripper.js'
import type { Robot } from '../../robots/robot.js'
import { shortList } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'
import { requireSoleControl } from './control-elsewhere.js'
import { closeInOrder } from './closing.js'
import { ros2Topics, serialPorts, type RobotGround, type RobotGroundOptions } from './robot-ground.js'
import { isServoActuator } from './robot-servo-buses.js'

/** Where a real robot is, for `prehend run`. */
export interface RobotSource {
  /** What is said of it: `ROS 2 topics`. */
  readonly title: string
  /** Whether there may be a node that judges episodes and publishes their results. */
  readonly hasResults: boolean
  /** Throws a UsageError of one line for a robot whose streams or actuators are not there. */
  requireWhole(robot: Robot): void
  /** Rejects with Interrupted where `signal` is aborted meanwhile. */
  open(options: RobotGroundOptions & { readonly signal: AbortSignal }): Promise<RobotGround>
}

const bus: RobotSource = {
  title: 'serial ports',
  hasResults: false,
  requireWhole: requireOnPorts,
  open: async options => serialPorts(options),
}

const ros2: RobotSource = {
  title: 'ROS 2 topics',
  hasResults: true,
  requireWhole: () => undefined,
  async open(options) {
    const ground = await ros2Topics('prehend', options)
    try {
      await requireSoleControl(ground.bus, options.robot, options)
      return ground
    } catch (error) {
      await closeInOrder([{ name: 'bus', close: () => ground.bus.close() }, ...ground.closings], options.onError)
      throw error
    }
  },
}

/** By the word of `--source`, one line each. */
const SOURCES: ReadonlyMap<string, RobotSource> = new Map([
  ['bus', bus],
  ['ros2', ros2],
])

/** Undefined for a word that is no such source. */
export const robotSource = (name: string): RobotSource | undefined => SOURCES.get(name)

/**
 * On serial ports the state of servos is read, that of a gripper with a driver, and words are typed. Throws UsageError
 * that names what else the robot has.
 */
function requireOnPorts({ name, streams, actuators, actions }: Robot): void {
  const states = new Set(actuators.filter(isServoActuator).map(({ state }) => state))
  const fingers = actions.gripper && fingerStream(streams)
  const isThere = (stream: (typeof streams)[number]): boolean =>
    states.has(stream.name) || stream.modality === 'voice' || stream === fingers
  const missing = streams.filter(stream => !isThere(stream)).map(stream => stream.name)
  const topics = actuators
    .filter(each => !isServoActuator(each) && !(each.name === 'gripper' && isOfTheLoop(each.name, each.kind, each)))
    .map(each => each.name)
  if (missing.length === 0 && topics.length === 0) return
  const reasons = [
    ...(missing.length > 0 ? [`no stream of ${shortList(missing)} comes from a servo bus`] : []),
    ...(topics.length > 0 ? [`${shortList(topics)} is commanded on a topic`] : []),
  ]
  throw new UsageError(
    `robot ${name}: --source bus: ${reasons.join(', and ')}; leave that out of the robot file, or use --source ros2`,
  )
}
