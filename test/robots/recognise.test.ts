import { describe, expect, it } from 'vitest'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import { recognise, type Topic } from '../../robots/recognise.js'

const topic = (name: string, type: string): Topic => ({ name, type })
const colour = topic('/camera/color/image_raw', 'sensor_msgs/msg/Image')
const depth = topic('/camera/aligned_depth_to_color/image_raw', 'sensor_msgs/msg/Image')
const wrench = topic('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped')
const text = topic('/voice/text', 'std_msgs/msg/String')
const pose = topic('/tool_pose', 'geometry_msgs/msg/PoseStamped')
const joints = topic('/joint_states', 'sensor_msgs/msg/JointState')

function errorOf(topics: readonly Topic[]): RobotError {
  try {
    recognise(topics, 'some.mcap')
  } catch (error) {
    if (error instanceof RobotError) return error
    throw error
  }
  throw new Error('was recognised')
}

describe('without a robot file', () => {
  it('streams are recognised by type and name, with the documented defaults and no tare', () => {
    const robot = recognise([text, joints, wrench, depth, pose, colour], 'some.mcap')
    expect(robot.tick).toEqual({ from: 'rgb' })
    expect(robot.streams.map(s => [s.name, s.topic, s.modality, s.align.strategy, s.tare])).toEqual([
      ['rgb', colour.name, 'rgb', 'nearest', 0],
      ['depth', depth.name, 'depth', 'interpolate', 0],
      ['wrench', wrench.name, 'force', 'window', 0],
      ['voice', text.name, 'voice', 'events', 0],
      ['joints', joints.name, 'proprioception', 'interpolate', 0],
      ['tool', pose.name, 'proprioception', 'interpolate', 0],
    ])
    expect(robot.maxWait).toBe(40e6)
    expect(robot.actions).toEqual({ gripper: undefined, arm: undefined })
    expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
  })

  it('other topics are ignored', () => {
    const others = [
      topic('/tf', 'tf2_msgs/msg/TFMessage'),
      topic('/log', 'std_msgs/msg/String'),
      topic('/tool_target', pose.type),
      topic('/camera/color/camera_info', 'sensor_msgs/msg/CameraInfo'),
    ]
    expect(recognise([...others, colour, pose], 'some.mcap').streams.map(s => s.name)).toEqual(['rgb', 'tool'])
  })

  const small = (of: Topic, transport: string): Topic =>
    topic(`${of.name}/${transport}`, 'sensor_msgs/msg/CompressedImage')

  it('compressed images are used where there are no raw ones; compressedDepth only of a depth camera', () => {
    const all = [
      small(colour, 'compressed'),
      small(colour, 'compressedDepth'),
      small(depth, 'compressed'),
      small(depth, 'compressedDepth'),
    ]
    const topics = (of: readonly Topic[]) =>
      recognise(of, 'some.mcap').streams.map(s => [s.name, s.topic, s.modality, s.align.strategy])
    expect(topics(all)).toEqual([
      ['rgb', all[0].name, 'rgb', 'nearest'],
      ['depth', all[3].name, 'depth', 'interpolate'],
    ])
    expect(topics(all.slice(0, 3))).toEqual([
      ['rgb', all[0].name, 'rgb', 'nearest'],
      ['depth', all[2].name, 'depth', 'interpolate'],
    ])
    expect(topics([...all, colour, depth]).map(([, name]) => name)).toEqual([colour.name, depth.name])
    expect(topics([...all, colour]).map(([, name]) => name)).toEqual([colour.name, all[3].name])
    expect(recognise([all[3]], 'some.mcap').tick).toEqual({ from: 'depth' })
    expect(errorOf([small(colour, 'compressedDepth')]).code).toBe('ROBOT_NO_IMAGE')
    expect(errorOf([all[0], small(topic('/second/color/image_raw', ''), 'compressed')]).code).toBe('ROBOT_AMBIGUOUS')
  })

  it('a depth image alone gives the tick', () => {
    expect(recognise([depth, wrench], 'some.mcap').tick).toEqual({ from: 'depth' })
  })

  it('topics without an image are refused, with a list of them', () => {
    const error = errorOf([wrench])
    expect([error.code, error.exit]).toEqual(['ROBOT_NO_IMAGE', 2])
    expect(error.message).toMatch(/^some\.mcap: no image topic /)
    expect(error.message).toContain('; it has /wrist/wrench (geometry_msgs/msg/WrenchStamped); write a robot file')
    expect(errorOf([]).message).toContain('it has no topics')
  })

  it.each([
    ['colour images', colour, 'a colour image'],
    ['depth images', depth, 'a depth image'],
    ['wrenches', wrench, 'a wrench'],
    ['voices', text, 'voice'],
    ['poses', pose, 'a tool pose'],
    ['joint states', joints, 'joint states'],
  ])('two %s are refused, with both names', (_what, one, what) => {
    const other = topic(`/second${one.name}`, one.type)
    const error = errorOf([colour, one, other].filter((t, i, all) => all.indexOf(t) === i))
    expect(error.code).toBe('ROBOT_AMBIGUOUS')
    const names = [one.name, other.name].sort().join(', ')
    expect(error.message).toBe(
      `some.mcap: 2 topics could be ${what}: ${names}; write a robot file that says which (--robot FILE)`,
    )
  })
})
