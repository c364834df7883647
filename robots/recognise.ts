import { parseRobot } from './robot-file.js'
import { RobotError } from './robot-error.js'
import type { Robot } from './robot.js'
import { POSE_TYPE } from '../fusion/stream-types/pose-stamped.js'
import { isImageType } from '../fusion/stream-types/stream-types.js'

export interface Topic {
  readonly name: string
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
}

const IMAGE = 'sensor_msgs/msg/Image'
const COMPRESSED = 'sensor_msgs/msg/CompressedImage'
const JOINTS = 'sensor_msgs/msg/JointState'
const VOICE = 'prehend_interfaces/msg/VoiceEvent'
const STRING = 'std_msgs/msg/String'

/**
 * The topic name without the suffix of image_transport. Every image topic may have a /compressedDepth below it,
 * whatever it shows.
 */
const baseOf = (name: string): string => name.replace(/\/compressed(Depth)?$/, '')
const isColour = ({ name }: Topic): boolean =>
  !/depth/i.test(baseOf(name)) && /colou?r|rgb|image_raw/i.test(baseOf(name)) && !name.endsWith('/compressedDepth')
const isDepth = ({ name }: Topic): boolean => /depth/i.test(baseOf(name))
const isRaw = ({ type }: Topic): boolean => type === IMAGE
const isCompressed = ({ type }: Topic): boolean => type === COMPRESSED

/**
 * The streams that are looked for, and the tests for their topics. The first test that any topic passes counts. The
 * type does not tell what an image shows, so its name decides.
 */
const STREAMS: readonly {
  readonly stream: string
  readonly what: string
  readonly fits: readonly ((topic: Topic) => boolean)[]
}[] = [
  {
    stream: 'rgb',
    what: 'a colour image',
    fits: [topic => isRaw(topic) && isColour(topic), topic => isCompressed(topic) && isColour(topic)],
  },
  {
    stream: 'depth',
    what: 'a depth image',
    fits: [
      topic => isRaw(topic) && isDepth(topic),
      topic => isCompressed(topic) && isDepth(topic) && topic.name.endsWith('/compressedDepth'),
      topic => isCompressed(topic) && isDepth(topic),
    ],
  },
  { stream: 'wrench', what: 'a wrench', fits: [({ type }) => type === 'geometry_msgs/msg/WrenchStamped'] },
  {
    stream: 'voice',
    what: 'voice',
    fits: [({ name, type }) => type === VOICE || (type === STRING && /voice|speech|command/i.test(name))],
  },
  { stream: 'tool', what: 'a tool pose', fits: [({ name, type }) => type === POSE_TYPE && !isCommand(name)] },
  { stream: 'joints', what: 'joint states', fits: [({ name, type }) => type === JOINTS && !isCommand(name)] },
]

/**
 * Makes a robot without a robot file. Streams are found by type and name; raw images are preferred to compressed ones.
 * Ticks come from the colour image, or from the depth image where there is no colour image. Everything else has its
 * default; there is no tare and there are no actions. `where` names the source in messages. Throws RobotError
 * `ROBOT_NO_IMAGE` where no topic is an image, and `ROBOT_AMBIGUOUS` where two topics fit one stream.
 */
export function recognise(topics: readonly Topic[], where: string): Robot {
  const found = STREAMS.flatMap(({ stream, what, fits }) => {
    const fitting = fits.map(test => topics.filter(test)).find(passed => passed.length > 0) ?? []
    if (fitting.length > 1) {
      const names = fitting
        .map(topic => topic.name)
        .sort()
        .join(', ')
      const advice = 'write a robot file that says which (--robot FILE)'
      throw new RobotError(
        'ROBOT_AMBIGUOUS',
        `${where}: ${fitting.length} topics could be ${what}: ${names}; ${advice}`,
      )
    }
    return fitting.map(topic => ({ stream, topic }))
  })
  const tick = found.find(({ topic }) => isImageType(topic.type))
  if (!tick) {
    const names = topics
      .map(topic => `${topic.name} (${topic.type})`)
      .sort()
      .join(', ')
    throw new RobotError(
      'ROBOT_NO_IMAGE',
      [
        `${where}: no image topic to tick from (a sensor_msgs/msg/Image or CompressedImage with color, ` +
          'rgb, image_raw or depth in its name)',
        `it has ${names === '' ? 'no topics' : names}`,
        'write a robot file with tick: { rate: 30 Hz } to go without (--robot FILE)',
      ].join('; '),
    )
  }
  const streams = Object.fromEntries(
    found.map(({ stream, topic }) => [stream, { topic: topic.name, type: topic.type }]),
  )
  return parseRobot(JSON.stringify({ robot: 'recognised', tick: { from: tick.stream }, streams }), where)
}

function isCommand(name: string): boolean {
  return /target|command|setpoint|goal/i.test(name)
}
