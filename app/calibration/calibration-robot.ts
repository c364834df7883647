import type { Bag } from '../../middleware/bag/bag.js'
import { POSE_TYPE } from '../../fusion/stream-types/pose-stamped.js'
import { STREAM_TYPES } from '../../fusion/stream-types/stream-types.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { shortList, unknownName } from '../../robots/validation.js'
import { UsageError } from '../output/output.js'
import { readRobot } from '../robot/load-robot.js'
import { PIECE } from './resting-poses.js'

const WRENCH_TYPE = 'geometry_msgs/msg/WrenchStamped'

export interface CalibrationStreams {
  /** A robot with the wrench and the poses alone, both as they are measured, and a tick every `PIECE`. */
  readonly robot: Robot
  /** The wrench as the robot file has it. */
  readonly wrench: Stream
  readonly orientation: Stream
  /** |force| that counts as contact, N. */
  readonly contact: number
}

export interface CalibrationRobotOptions {
  /** A robot file, or the name of a shipped one. Default: the one in the recording, else the topics by their types. */
  readonly robot?: string | undefined
  /** Where its relative topics lie. */
  readonly namespace?: string | undefined
  /** The wrench's stream and the poses' stream; without a robot file their topics. Needed where there are several. */
  readonly wrench?: string | undefined
  readonly orientation?: string | undefined
}

/**
 * The streams that a calibration reads. Throws UsageError or RobotError, in one line, where they are not clear or the
 * recording lacks one.
 */
export function calibrationStreams(bag: Bag, options: CalibrationRobotOptions): CalibrationStreams {
  const robot = robotOf(bag, options)
  const where = options.robot ?? (bag.metadata.robot === undefined ? bag.path : `${bag.path} (its robot file)`)
  const wrenches = robot.streams.filter(({ type }) => {
    const rule = STREAM_TYPES.get(type)
    return rule?.kind === 'vector' && rule.compensable === true
  })
  const wrench = chosen(wrenches, options.wrench, { what: 'wrench', type: WRENCH_TYPE, flag: '--wrench', where })
  const poses = robot.streams.filter(({ type }) => type === POSE_TYPE)
  const usual = wrench.compensate?.orientation ?? robot.actions.arm?.pose
  const orientation = chosen(poses, options.orientation ?? usual, {
    what: "tool's pose",
    type: POSE_TYPE,
    flag: '--orientation',
    where,
  })
  for (const { name, topic, type } of [wrench, orientation]) {
    if (bag.topics.some(each => each.name === topic && each.type === type)) continue
    throw new UsageError(
      `${bag.path}: has no ${topic} of ${type} (stream ${name}); it has ` +
        `${shortList(bag.topics.map(each => each.name)) || 'no topics'}: record both, or name others`,
    )
  }
  return {
    robot: {
      ...robot,
      tick: { period: PIECE },
      streams: [{ ...wrench, tare: 0, compensate: undefined }, orientation],
      reset: undefined,
      actions: { gripper: undefined, arm: undefined },
    },
    wrench,
    orientation,
    contact: robot.limits.contact,
  }
}

function robotOf(bag: Bag, { robot, namespace }: CalibrationRobotOptions): Robot {
  if (robot !== undefined) return readRobot(robot, namespace)
  const recorded = bag.metadata.robot
  if (recorded !== undefined)
    return parseRecordedRobot(recorded, `${bag.path} (recorded robot file; --robot FILE names another)`, namespace)
  const topics = bag.topics.filter(({ type }) => type === WRENCH_TYPE || type === POSE_TYPE)
  if (topics.length === 0)
    throw new UsageError(
      `${bag.path}: has no ${WRENCH_TYPE} and no ${POSE_TYPE}; it has ` +
        `${shortList(bag.topics.map(({ name }) => name)) || 'no topics'}: record the wrist's wrench and the tool's pose`,
    )
  const names = namesOf(topics.map(({ name }) => name))
  const streams = Object.fromEntries(topics.map(({ name, type }, i) => [names[i]!, { topic: name, type }]))
  return parseRobot(JSON.stringify({ robot: 'recording', tick: { period: PIECE / 1e9 }, streams }), bag.path)
}

/**
 * A name for the stream of each topic: the topic, with letters that a name may have. Where that is no name, or two topics
 * would share it, the stream has a number.
 */
function namesOf(topics: readonly string[]): string[] {
  const names = topics.map(nameOf)
  // No topic of ROS has a hyphen, so no other stream has the numbered name.
  return names.map((name, i) =>
    /^[A-Za-z]/.test(name) && names.indexOf(name) === names.lastIndexOf(name) ? name : `topic-${i + 1}`,
  )
}

const nameOf = (topic: string): string => topic.replace(/^\//, '').replaceAll(/[^A-Za-z0-9_]/g, '_')

/** How a message calls a stream, so that an option can name it: a numbered one by its topic. */
const called = ({ name, topic }: Stream): string => (/^topic-\d+$/.test(name) ? topic : name)

/** The stream of this name, or the only one. A topic's name is that of its stream. */
function chosen(
  streams: readonly Stream[],
  wanted: string | undefined,
  {
    what,
    type,
    flag,
    where,
  }: { readonly what: string; readonly type: string; readonly flag: string; readonly where: string },
): Stream {
  if (wanted !== undefined) {
    const found = streams.find(({ name, topic }) => name === wanted || topic === wanted)
    if (found) return found
    const known = streams.map(called)
    throw new UsageError(
      known.length === 0
        ? `${where}: has no stream of type ${type}, which the ${what} is`
        : `${flag}: ${unknownName('stream', wanted, known)} (streams of type ${type} of ${where})`,
    )
  }
  const [only, ...others] = streams
  if (only && others.length === 0) return only
  throw new UsageError(
    only
      ? `${where}: has ${streams.length} streams of type ${type} (${shortList(streams.map(called))}): name one, ${flag} ${called(only)}`
      : `${where}: has no stream of type ${type}, which the ${what} is: record it`,
  )
}
