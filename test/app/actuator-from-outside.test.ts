import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { describeRobot } from '../../app/robot/describe-robot.js'
import { requireDrivable } from '../../app/session/drivable.js'
import { SERVO_MODELS } from '../../drivers/servo/servo-models.js'
import { actuatorKind } from '../../robots/actuators/actuator-kind.js'
import { ACTUATORS, type ForeignActuator } from '../../robots/actuators/actuators.js'
import { translationText } from '../../robots/canonical.js'
import { topic } from '../../robots/ros-names.js'
import { parseRobot } from '../../robots/robot-file.js'
import { robotJsonSchema } from '../../robots/schema.js'

interface Section {
  readonly topic: string
  readonly type: string
  readonly wheels?: number | undefined
}
interface Base extends ForeignActuator {
  readonly topic: string
  readonly wheels: number
}

const TYPE = 'geometry_msgs/msg/Twist'
/** A mobile base, as another package would declare it. */
const base = actuatorKind<Section, Base>({
  kind: 'wheels/base',
  written: '`{ topic, type: geometry_msgs/msg/Twist }`',
  meaning: 'a base on wheels',
  channels: '`twist`',
  claims: ({ type }) => type === TYPE,
  shape: () => ({ topic, type: z.enum([TYPE]), wheels: z.int().max(8).optional() }),
  takes: () => [{ kind: 'twist', names: [] }],
  hasJoints: false,
  resolve: ({ topic: at, wheels = 4 }, { whole }) => ({
    kind: 'wheels/base',
    topic: whole(at),
    wheels,
    takes: [{ kind: 'twist', names: [] }],
    joints: [],
    state: undefined,
  }),
  canonical: ({ topic: at, wheels }, below) => ({ topic: below(at), type: TYPE, wheels }),
  endpoints: ({ topic: at }) => [{ what: 'topic', at, key: ['topic'] }],
  describe: ({ topic: at, wheels }) => `${wheels} wheels on ${at}`,
})

const text = (more = ''): string => `robot: rover
tick: { rate: 30 Hz }
streams: { tool: { topic: tool_pose, type: geometry_msgs/msg/PoseStamped } }
actions:
  base: { topic: cmd_vel, type: geometry_msgs/msg/Twist${more} }
  arm: { topic: target, type: geometry_msgs/msg/PoseStamped, pose: tool }
limits: { workspace: { x: [0, 1], y: [0, 1], z: [0, 1] }, speed: 1, yaw_rate: 1 }
`

describe('a kind of actuator from another package', () => {
  beforeAll(() => ACTUATORS.set(base.kind, base))
  afterAll(() => ACTUATORS.delete(base.kind))

  test('is read, explained, checked and canonical like any other', () => {
    const robot = parseRobot(text(', wheels: 6'), 'rover.yaml', '/left')
    expect(robot.actuators[1]).toMatchObject({ name: 'base', kind: 'wheels/base', topic: '/left/cmd_vel', wheels: 6 })
    expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
    expect(describeRobot(robot).join('\n')).toContain('  base: 6 wheels on /left/cmd_vel\n    takes twist')
    expect(JSON.parse(translationText(robot.canonical))).toMatchObject({ actuators: { base: { twist: [] } } })
    expect(robotJsonSchema()).toContain(`"${TYPE}"`)
    expect(() => requireDrivable(robot)).toThrow(/^robot rover: the control loop cannot drive base yet: /)
  })

  test('has its mistakes said like those of any other', () => {
    expect(() => parseRobot(text(', wheels: 9'), 'rover.yaml')).toThrow(
      'rover.yaml:5: actions.base.wheels: must be at most 8, got 9',
    )
    expect(() => parseRobot(text(', weels: 9'), 'rover.yaml')).toThrow(
      "'weels': no such key here, did you mean 'wheels'?",
    )
    expect(() => parseRobot(text().replace('cmd_vel', 'target'), 'rover.yaml')).toThrow(/is commanded by 'arm' too/)
  })
})

test('without that package the section is refused, and the JSON Schema does not have it', () => {
  expect(() => parseRobot(text(), 'rover.yaml')).toThrow(
    "rover.yaml:5: actions.base.type: 'geometry_msgs/msg/Twist': no such type, did you mean 'geometry_msgs/msg/TwistStamped'?",
  )
  expect(robotJsonSchema()).not.toContain(`"${TYPE}"`)
})

test('a kind of servo from another package is a driver of a servo bus', () => {
  const [known] = SERVO_MODELS.values()
  SERVO_MODELS.set('mine', { ...known!, name: 'mine' })
  const robot = parseRobot(
    `robot: arm
tick: { rate: 30 Hz }
streams: { joints: { topic: joints, type: sensor_msgs/msg/JointState, select: [position.a] } }
actions: { arm: { driver: mine, joints: { a: { id: 1 } }, state: joints } }
limits: { joints: { a: { position: [0 deg, 90 deg], velocity: 90 deg/s } } }
`,
    'arm.yaml',
  )
  expect(robot.actuators).toMatchObject([{ kind: 'servo_bus', driver: 'mine', port: { path: undefined, baud: 1e6 } }])
  SERVO_MODELS.delete('mine')
})
