import { describe, expect, it } from 'vitest'
import { group, TopicRobot } from './topic-robot.js'

const TWIST = (more = ''): string => `
robot: servo
tick: { rate: 30 Hz }
streams:
  tool: { topic: /tool, type: geometry_msgs/msg/PoseStamped }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  arm: { topic: /servo/twist, type: geometry_msgs/msg/TwistStamped, frame: base, pose: tool${more} }
limits:
  workspace: { x: [-100 mm, 100 mm], y: [-1 m, 1 m], z: [0 m, 1 m] }
  speed: 0.2 m/s
  yaw_rate: 1 rad/s
  acceleration: 1 m/s^2
`
const GROUPS = [group({ name: 'arm', kind: 'twist', frame: 'base' })]

/** A tool that moves as it is told, along the axes of the frame of its poses. */
class TwistArm {
  readonly robot: TopicRobot
  at = 0
  frameId = 'base'
  isMeasured = true
  readonly twists
  #speed = 0
  readonly #poses

  constructor(more = '', groups = GROUPS, framePrefix = '') {
    this.robot = new TopicRobot(TWIST(more), groups, {}, framePrefix)
    this.twists = this.robot.sent('/servo/twist', 'geometry_msgs/msg/TwistStamped', ({ twist, frameId }) => {
      this.#speed = twist[0]!
      this.frames.add(frameId)
      this.newest = [...twist]
    })
    this.#poses = this.robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
  }

  readonly frames = new Set<string>()
  newest: readonly number[] | undefined

  run(ms: number): Promise<void> {
    return this.robot.run(ms, (stamp, i) => {
      this.at += this.#speed / 1000
      if (i % 8 === 0 && this.isMeasured)
        this.#poses.publish({ stamp, frameId: this.frameId, pose: Float64Array.of(this.at, 0, 0.5, 0, 0, 0, 1) })
    })
  }
}

describe('an arm that takes velocities of its tool', () => {
  it('moves within its limits, and stops before the side of its workspace', async () => {
    const arm = new TwistArm()
    await arm.robot.up()
    arm.robot.row = [0.125, 0, 0, 0, 0, 5]
    await arm.run(500)
    expect(arm.robot.control.hold).toBe('none')
    expect(arm.newest).toEqual([0.125, 0, 0, 0, 0, 1])
    await arm.run(3000)
    expect(arm.at).toBeGreaterThan(0.095)
    expect(arm.at).toBeLessThanOrEqual(0.1)
    expect([...arm.frames]).toEqual(['base'])
    expect(arm.robot.errors).toEqual([])
    await arm.robot.control.shutdown()
  })

  it.each<[string, (arm: TwistArm) => void]>([
    ['after "stop"', ({ robot }) => robot.say('stop')],
    ['where its pose is silent', arm => (arm.isMeasured = false)],
    ['after the last row', ({ robot }) => (robot.row = undefined)],
  ])('is sent 0 %s', async (_when, begin) => {
    const arm = new TwistArm()
    await arm.robot.up()
    arm.robot.row = [0.0625, 0, 0, 0, 0, 0.5]
    await arm.run(400)
    expect(arm.newest).toEqual([0.0625, 0, 0, 0, 0, 0.5])
    begin(arm)
    await arm.run(800)
    expect(arm.newest).toEqual([0, 0, 0, 0, 0, 0])
    await arm.robot.control.shutdown()
  })

  it('holds where its poses are in another frame than its velocities, and says so once', async () => {
    const arm = new TwistArm()
    arm.frameId = 'base_link'
    await arm.robot.up()
    arm.robot.row = [0.0625, 0, 0, 0, 0, 0]
    await arm.run(500)
    expect(arm.robot.control.hold).toBe('tool')
    expect(arm.newest).toBeUndefined()
    expect(arm.robot.notices).toEqual([
      'stream tool (/tool): frame_id is "base_link", and arm takes velocities in "base": where its workspace lies is not ' +
        'known, and the arm holds; say its frame in the robot file, or axes: tool',
    ])
    await arm.robot.control.shutdown()
  })

  it('sends them in the frame that its poses name, with the prefix of the nodes or without', async () => {
    for (const frameId of ['base', 'left/base']) {
      const arm = new TwistArm('', GROUPS, 'left/')
      arm.frameId = frameId
      await arm.robot.up()
      arm.robot.row = [0.0625, 0, 0, 0, 0, 0]
      await arm.run(500)
      expect(arm.robot.notices).toEqual([])
      expect(arm.newest?.[0]).toBeCloseTo(0.0625, 9)
      expect([...arm.frames]).toEqual([frameId])
      await arm.robot.control.shutdown()
    }
  })

  it('may take them in the frame of its tool, whatever the frame of its poses', async () => {
    const arm = new TwistArm(', axes: tool')
    arm.frameId = 'world'
    await arm.robot.up()
    arm.robot.row = [0.0625, 0, 0, 0, 0, 0]
    await arm.run(500)
    expect(arm.newest?.[0]).toBeCloseTo(0.0625, 9)
    await arm.robot.control.shutdown()
  })
})

const TILTING = `
robot: tilting
tick: { rate: 30 Hz }
streams:
  tool: { topic: /tool, type: geometry_msgs/msg/PoseStamped }
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  arm: { topic: /target, type: geometry_msgs/msg/PoseStamped, pose: tool, tilts: true }
limits:
  workspace: { x: [-200 mm, 200 mm], y: [-1 m, 1 m], z: [0 m, 1 m] }
  speed: 0.5 m/s
  yaw_rate: 2 rad/s
`

describe.each<[string, Record<string, unknown>, readonly number[]]>([
  [
    'a quaternion, absolute',
    { counts: 'absolute', rotation: 'quaternion', frame: 'base' },
    [0.125, 0, 0.5, 0, 0, 1, 1],
  ],
  ['6 numbers, absolute', { counts: 'absolute', rotation: '6d', frame: 'base' }, [0.125, 0, 0.5, 0, 1, 0, -1, 0, 0]],
])('a tool that tilts, told by %s', (_what, fields, row) => {
  it('gets there with its whole rotation, and stands after "stop"', async () => {
    const robot = new TopicRobot(TILTING, [group({ name: 'arm', kind: 'pose', ...fields })])
    let at = Float64Array.of(0, 0, 0.5, 0, 0, 0, 1)
    robot.sent('/target', 'geometry_msgs/msg/PoseStamped', ({ pose }) => (at = pose.slice()))
    const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
    const measure = (stamp: number, i: number): void => {
      if (i % 8 === 0) poses.publish({ stamp, frameId: 'base', pose: at })
    }
    robot.origins = [0, 0, 0.5, 0, 0, 0, 1]
    await robot.up()
    robot.row = row
    await robot.run(2000, measure)
    expect(robot.control.hold).toBe('none')
    expect([...at.slice(0, 3)].map(value => Math.round(value * 1e5) / 1e5)).toEqual([0.125, 0, 0.5])
    // A quarter about z.
    expect(Math.abs(at[5]!)).toBeCloseTo(Math.SQRT1_2, 4)
    expect(at[5]! * at[6]!).toBeCloseTo(0.5, 4)
    robot.say('stop')
    await robot.run(20, measure)
    const stood = [...at]
    robot.row = row.map(value => -value)
    await robot.run(500, measure)
    expect([...at]).toEqual(stood)
    expect(robot.errors).toEqual([])
    await robot.control.shutdown()
  })
})

it('a tool that tilts takes offsets in its own frame, from the pose at the stamp', async () => {
  const fields = { counts: 'offset', rotation: 'rotation_vector', frame: 'tool' }
  const robot = new TopicRobot(TILTING, [group({ name: 'arm', kind: 'pose', ...fields })])
  // The tool is turned by a quarter about z: its x axis is the y axis of the base.
  let at = Float64Array.of(0, 0, 0.5, 0, 0, Math.SQRT1_2, Math.SQRT1_2)
  robot.origins = [...at]
  robot.sent('/target', 'geometry_msgs/msg/PoseStamped', ({ pose }) => (at = pose.slice()))
  const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
  await robot.up()
  const measure = (stamp: number, i: number): void => {
    if (i % 8 === 0) poses.publish({ stamp, frameId: 'base', pose: at })
  }
  await robot.run(20, measure)
  robot.row = [0.0625, 0, 0, 0.25, 0, 0]
  await robot.run(33, measure)
  robot.row = undefined
  await robot.run(270, measure)
  expect(robot.control.hold).toBe('none')
  const half = [Math.sin(0.125) * Math.SQRT1_2, Math.sin(0.125) * Math.SQRT1_2]
  const rest = [Math.cos(0.125) * Math.SQRT1_2, Math.cos(0.125) * Math.SQRT1_2]
  ;[0, 0.0625, 0.5, ...half, ...rest].forEach((value, i) => expect(at[i]).toBeCloseTo(value, 5))
  await robot.control.shutdown()
})

describe('a policy with poses in another frame than those of the tool', () => {
  const fields = { name: 'arm', kind: 'pose', counts: 'absolute', rotation: 'quaternion', frame: 'base' }
  const row = [0.125, 0, 0.5, 0, 0, 0, 1]
  const at = Float64Array.of(0, 0, 0.5, 0, 0, 0, 1)

  it('moves nothing, and one line names both frames', async () => {
    const robot = new TopicRobot(TILTING, [group(fields)])
    const targets = robot.sent('/target', 'geometry_msgs/msg/PoseStamped')
    const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
    robot.row = row
    await robot.up()
    // The first chunk comes before the first pose: nobody knows then in which frame the poses are.
    await robot.run(500, (stamp, i) => {
      if (i >= 40 && i % 8 === 0) poses.publish({ stamp, frameId: 'world', pose: at })
    })
    expect(robot.control.hold).toBe('policy')
    expect(targets).toEqual([])
    expect(robot.control.refused.unusable).toBeGreaterThan(10)
    expect(robot.notices).toEqual([
      'chunks are not carried out: group arm: the policy commands poses in the frame base, and the measured poses are in world',
    ])
    await robot.control.shutdown()
  })

  it('is carried out where the frames differ by the prefix of the nodes alone', async () => {
    const robot = new TopicRobot(TILTING, [group(fields)], {}, 'left/')
    const targets = robot.sent('/target', 'geometry_msgs/msg/PoseStamped')
    const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
    robot.row = row
    await robot.up()
    await robot.run(500, (stamp, i) => {
      if (i % 8 === 0) poses.publish({ stamp, frameId: 'left/base', pose: targets.at(-1)?.pose ?? at })
    })
    expect(robot.notices).toEqual([])
    expect(targets.at(-1)?.pose[0]).toBeGreaterThan(0.1)
    await robot.control.shutdown()
  })

  it('holds where the poses come in another frame than the robot file says', async () => {
    const robot = new TopicRobot(TILTING.replace('tilts: true', 'tilts: true, frame: base'), [group(fields)])
    const targets = robot.sent('/target', 'geometry_msgs/msg/PoseStamped')
    const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
    robot.row = row
    await robot.up()
    await robot.run(500, (stamp, i) => {
      if (i % 8 === 0) poses.publish({ stamp, frameId: 'world', pose: at })
    })
    expect(targets).toEqual([])
    expect(robot.notices).toEqual([
      'stream tool (/tool): frame_id is "world", and the frame of the arm is "base": which place the tool has is not known, ' +
        'and the arm holds; correct `frame` of the arm in the robot file, or what publishes there',
    ])
    await robot.control.shutdown()
  })

  it.each(['base', 'left/base'])(
    'of an arm with a frame, follows measured poses in %s behind a prefix',
    async frameId => {
      const robot = new TopicRobot(
        TILTING.replace('tilts: true', 'tilts: true, frame: base'),
        [group(fields)],
        {},
        'left/',
      )
      const targets = robot.sent('/target', 'geometry_msgs/msg/PoseStamped')
      const poses = robot.bus.advertise('/tool', 'geometry_msgs/msg/PoseStamped')
      robot.row = row
      await robot.up()
      await robot.run(500, (stamp, i) => {
        if (i % 8 === 0) poses.publish({ stamp, frameId, pose: targets.at(-1)?.pose ?? at })
      })
      expect(robot.notices).toEqual([])
      expect(targets.at(-1)?.frameId).toBe(frameId)
      expect(targets.at(-1)?.pose[0]).toBeGreaterThan(0.1)
      await robot.control.shutdown()
    },
  )
})
