import { parseRobot } from './robot-file.js'
import { RobotError } from './robot-error.js'
import type { Robot } from './robot.js'

export interface Topic {
  readonly name: string
  /** ROS type name, `pkg/msg/Name`. */
  readonly type: string
}

const IMAGE = 'sensor_msgs/msg/Image'
const JOINTS = 'sensor_msgs/msg/JointState'
const VOICE = 'prehend_interfaces/msg/VoiceEvent'
const STRING = 'std_msgs/msg/String'
const POSE = 'geometry_msgs/msg/PoseStamped'

/** The streams that are looked for, and what a topic must be to be one. A type alone does not say what an image shows: its name does. */
const STREAMS: readonly { readonly stream: string; readonly what: string; fits(topic: Topic): boolean }[] = [
  {
    stream: 'rgb',
    what: 'a colour image',
    fits: ({ name, type }) => type === IMAGE && !/depth/i.test(name) && /colou?r|rgb|image_raw/i.test(name),
  },
  { stream: 'depth', what: 'a depth image', fits: ({ name, type }) => type === IMAGE && /depth/i.test(name) },
  { stream: 'wrench', what: 'a wrench', fits: ({ type }) => type === 'geometry_msgs/msg/WrenchStamped' },
  {
    stream: 'voice',
    what: 'voice',
    fits: ({ name, type }) => type === VOICE || (type === STRING && /voice|speech|command/i.test(name)),
  },
  { stream: 'tool', what: 'a tool pose', fits: ({ name, type }) => type === POSE && !isCommand(name) },
  { stream: 'joints', what: 'joint states', fits: ({ name, type }) => type === JOINTS && !isCommand(name) },
]

/**
 * A robot without a file: streams by type and name, ticks from the colour image (the depth image where there is no other), defaults
 * for everything else, no tare, no actions. `where` names the source in messages. Throws ROBOT_NO_IMAGE where no topic is an image
 * and ROBOT_AMBIGUOUS where two topics fit one stream.
 */
export function recognise(topics: readonly Topic[], where: string): Robot {
  const found = STREAMS.flatMap(({ stream, what, fits }) => {
    const fitting = topics.filter(fits)
    if (fitting.length > 1) {
      const names = fitting.map(topic => topic.name).sort().join(', ')
      const advice = 'write a robot file that says which (--robot FILE)'
      throw new RobotError('ROBOT_AMBIGUOUS', `${where}: ${fitting.length} topics could be ${what}: ${names}; ${advice}`)
    }
    return fitting.map(topic => ({ stream, topic }))
  })
  const tick = found.find(({ topic }) => topic.type === IMAGE)
  if (!tick) {
    const names = topics.map(topic => `${topic.name} (${topic.type})`).sort().join(', ')
    throw new RobotError('ROBOT_NO_IMAGE', [
      `${where}: no image topic to tick from (a sensor_msgs/msg/Image with color, rgb, image_raw or depth in its name)`,
      `it has ${names === '' ? 'no topics' : names}`,
      'write a robot file with tick: { rate: 30 Hz } to go without (--robot FILE)',
    ].join('; '))
  }
  const streams = Object.fromEntries(found.map(({ stream, topic }) => [stream, { topic: topic.name, type: topic.type }]))
  return parseRobot(JSON.stringify({ robot: 'recognised', tick: { from: tick.stream }, streams }), where)
}

function isCommand(name: string): boolean {
  return /target|command|setpoint|goal/i.test(name)
}
