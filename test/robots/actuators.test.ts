import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { actuatorNamed } from '../../robots/actuators/actuator-named.js'
import { translationText } from '../../robots/canonical.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import { RobotError } from '../../robots/robot-error.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'

/** One actuator of each shipped kind. */
const ALL = `robot: all
tick: { rate: 30 Hz }
streams:
  tool:   { topic: tool_pose, type: geometry_msgs/msg/PoseStamped }
  hand:   { topic: hand_pose, type: geometry_msgs/msg/PoseStamped }
  joints: { topic: joint_states, type: sensor_msgs/msg/JointState, select: [position.a, position.b, position.lift, position.finger] }
  servos: { topic: servo_states, type: sensor_msgs/msg/JointState, select: [position.pan, position.jaw] }
actions:
  arm: { topic: target, type: geometry_msgs/msg/PoseStamped, pose: tool }
  gripper: { driver: robotiq-2f85, port: { path: /dev/ttyUSB0 } }
  moving: { topic: twist, type: geometry_msgs/msg/TwistStamped, frame: base_link, pose: hand }
  left: { topic: left/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [a, b], state: joints }
  lift: { topic: lift/commands, type: std_msgs/msg/Float64MultiArray, values: velocity, joints: [lift], state: joints }
  bus:
    driver: sts3215
    port: { path: /dev/ttyACM0 }
    joints: { jaw: { id: 6, sign: -1, offset: 10 deg }, pan: { id: 1 } }
    gripper: { joint: jaw, closed: 0 deg, open: 90 deg }
    state: servos
    home: { pan: 0 deg, jaw: 45 deg }
  hand: { action: hand/gripper_cmd, type: control_msgs/action/ParallelGripperCommand, joint: finger, closed: 0.8 rad, open: 0 rad, state: joints, limits: { effort: [1 N, 5 N] } }
limits:
  workspace: { x: [0 m, 1 m], y: [0 m, 1 m], z: [0 m, 1 m] }
  speed: 0.2 m/s
  yaw_rate: 90 deg/s
  width: [0 mm, 85 mm]
  effort: [20 N, 120 N]
  joints:
    a: { position: [-90 deg, 90 deg], velocity: 180 deg/s, acceleration: 10 rad/s^2, effort: 150 N m }
    b: { continuous: true, velocity: 2 rad/s }
    lift: { prismatic: true, position: [0 mm, 500 mm], velocity: 100 mm/s }
    pan: { position: [-1.9 rad, 1.9 rad], velocity: 2 rad/s }
    jaw: { position: [-10 deg, 100 deg], velocity: 2 rad/s }
`
const parsed = (text: string): Robot => parseRobot(text, 'all.yaml')
const changed = (from: string | RegExp, to: string): string => {
  const text = ALL.replace(from, to)
  expect(text).not.toBe(ALL)
  return text
}
const robot = parsed(ALL)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe('a robot file whose actions are a map', () => {
  it('has each actuator by its name, with its kind and with what it takes', () => {
    expect(robot.actuators.map(({ name, kind, takes }) => [name, kind, ...takes.map(each => each.kind)])).toEqual([
      ['arm', 'pose_topic', 'pose'],
      ['bus', 'servo_bus', 'joint_position', 'gripper'],
      ['gripper', 'gripper_driver', 'gripper'],
      ['hand', 'gripper_action', 'gripper'],
      ['left', 'joint_trajectory', 'joint_position'],
      ['lift', 'forward_command', 'joint_velocity'],
      ['moving', 'twist_topic', 'twist'],
    ])
  })

  it('has the fields of a kind, in SI units and with whole topic names', () => {
    const left = parseRobot(ALL, 'all.yaml', '/cell')
    expect(actuatorNamed(left, 'lift')).toMatchObject({
      topic: '/cell/lift/commands',
      values: 'velocity',
      state: 'joints',
    })
    expect(actuatorNamed(left, 'hand')).toMatchObject({
      action: '/cell/hand/gripper_cmd',
      joint: 'finger',
      travel: { closed: 0.8, open: 0 },
    })
    const bus = actuatorNamed(left, 'bus')
    expect(bus).toMatchObject({
      joints: ['pan', 'jaw'],
      port: { path: '/dev/ttyACM0', baud: 1_000_000 },
      servos: [
        { joint: 'pan', id: 1, sign: 1, offset: 0 },
        { joint: 'jaw', id: 6, sign: -1 },
      ],
      home: { pan: 0 },
    })
    expect(bus.kind === 'servo_bus' && bus.servos[1]?.offset).toBeCloseTo(Math.PI / 18, 10)
    expect(bus.home?.['jaw']).toBeCloseTo(Math.PI / 4, 10)
  })

  it('has limits by joint; those of an actuator go before those of the robot', () => {
    expect(actuatorNamed(robot, 'lift').limits.joints.get('lift')).toEqual({
      prismatic: true,
      continuous: false,
      position: [0, 0.5],
      velocity: 0.1,
      acceleration: undefined,
      effort: undefined,
    })
    expect(actuatorNamed(robot, 'left').limits.joints.get('b')).toMatchObject({ continuous: true, position: undefined })
    expect(actuatorNamed(robot, 'hand').limits).toMatchObject({
      width: [0, 0.085],
      effort: [1, 5],
      workspace: undefined,
    })
    expect(actuatorNamed(robot, 'gripper').limits.effort).toEqual([20, 120])
    const own = parsed(
      changed('state: servos\n', 'state: servos\n    limits: { joints: { pan: { velocity: 1 rad/s } } }\n'),
    )
    expect(actuatorNamed(own, 'bus').limits.joints.get('pan')).toMatchObject({ position: [-1.9, 1.9], velocity: 1 })
    const closer = parsed(
      changed('state: servos\n', 'state: servos\n    limits: { joints: { pan: { position: [-1 rad, 1 rad] } } }\n'),
    )
    expect(actuatorNamed(closer, 'bus').limits.joints.get('pan')?.position).toEqual([-1, 1])
    const ended = parsed(changed('joints: [a, b],', 'joints: [a, b], limits: { joints: { b: { position: [0, 1] } } },'))
    expect(actuatorNamed(ended, 'left').limits.joints.get('b')).toMatchObject({ continuous: false, position: [0, 1] })
    const endless = parsed(
      changed('joints: [a, b],', 'joints: [a, b], limits: { joints: { a: { continuous: true } } },'),
    )
    expect(actuatorNamed(endless, 'left').limits.joints.get('a')).toMatchObject({
      continuous: true,
      position: undefined,
    })
    const less = parsed(changed('pose: tool }', 'pose: tool, limits: { speed: 50 mm/s } }'))
    expect([less.limits.speed, less.limits.width]).toEqual([0.05, [0, 0.085]])
  })

  it('gives the control loop of today its arm and its gripper as before', () => {
    expect(robot.actions).toEqual({
      arm: { topic: '/target', type: 'geometry_msgs/msg/PoseStamped', pose: 'tool' },
      gripper: { driver: 'robotiq-2f85', port: { path: '/dev/ttyUSB0', baud: 115200 }, slave: 9 },
    })
    const other = parsed(changed('  arm: {', '  first: {').replace('  gripper: { driver', '  second: { driver'))
    expect(other.actions).toEqual({ arm: undefined, gripper: undefined })
  })

  it('is again the same robot when its canonical text is read, also as that of a recording', () => {
    expect(parsed(robot.canonical)).toEqual(robot)
    expect(parseRecordedRobot(robot.canonical, 'bag')).toEqual(robot)
    const joints = parsed(
      changed(/ {2}(arm|gripper|moving|hand): \{ (topic: t|driver|action).*\n/g, '').replace(
        / {2}(workspace|speed|yaw_rate|width|effort): .*\n/g,
        '',
      ),
    )
    expect(JSON.parse(joints.canonical)).not.toHaveProperty('limits.workspace')
    expect(parseRecordedRobot(joints.canonical, 'bag')).toEqual(joints)
  })

  it('means the same in any order of its keys', () => {
    const [head = '', rest = ''] = ALL.split('actions:\n')
    const [actions = '', limits = ''] = rest.split('limits:\n')
    const sections = actions.split(/(?=^ {2}\S)/m)
    expect(sections).toHaveLength(7)
    expect(parsed(`${head}limits:\n${limits}actions:\n${sections.reverse().join('')}`)).toEqual(robot)
  })

  it('has the actuators in its sha256 by name, kinds of channels and joints, not by topics, ports and limits', () => {
    expect(JSON.parse(translationText(robot.canonical))).toMatchObject({
      channels: ['dx', 'dy', 'dz', 'dyaw', 'width', 'effort'],
      actuators: {
        bus: { joint_position: ['pan', 'jaw'], gripper: ['opening'] },
        hand: { gripper: ['width', 'opening', 'effort'] },
        left: { joint_position: ['a', 'b'] },
        lift: { joint_velocity: ['lift'] },
        moving: { twist: [] },
      },
    })
    for (const [from, to] of [
      ['left/joint_trajectory', 'scaled/joint_trajectory'],
      ['/dev/ttyACM0', '/dev/ttyACM7'],
      ['sts3215', 'xl430'],
      ['velocity: 180 deg/s', 'velocity: 90 deg/s'],
      ['home: { pan: 0 deg', 'home: { pan: 5 deg'],
      [
        'left/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory',
        'left/commands, type: std_msgs/msg/Float64MultiArray, values: position',
      ],
    ] as const) {
      const other = parsed(changed(from, to))
      expect(other.sha256).toBe(robot.sha256)
      expect(other.canonical).not.toBe(robot.canonical)
    }
    for (const [from, to] of [
      ['  left: {', '  lefty: {'],
      ['joints: [a, b]', 'joints: [b, a]'],
      ['values: velocity', 'values: position'],
      [/ {2}hand: \{ action.*\n/, ''],
    ] as const)
      expect(parsed(changed(from, to)).sha256).not.toBe(robot.sha256)
  })
})

describe('a robot file from before actuators had names', () => {
  // Computed by the version before the map.
  it.each([
    [
      'robots/cell.yaml',
      '34d4fa38d3b8f87d3f35fa996d72a81bd9d8ad8b98c982b4e3e1db9c90bea64d',
      'd2d8d273e54bd17e918ae855fb4f2aa46f030cdf173b9c7855b835407e4e1761',
    ],
    [
      'robots/real_camera.yaml',
      '93ccd1b4c13f348b358e2e789673ca9bfa8061d24270ed64a68740fd91a0ad15',
      '45820a4684774a2c498aa2573f715ed58194a2f43834c53ee7379763052547fc',
    ],
    [
      'examples/data/press.yaml',
      '1443c4036e929da89c73e2695b10e0c73b40203a41ef8787ae50aafdebe39c94',
      'd773b32c23406e392de3db768ece3f662546b3396aafcb95135d666f7a5e9b6d',
    ],
  ])('%s has the canonical text and the sha256 that it had', (file, canonical, translation) => {
    const before = parseRobot(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'), file)
    expect([sha256(before.canonical), before.sha256]).toEqual([canonical, translation])
  })
})

describe('an actuator by its name', () => {
  it('is refused in one line with the names that there are', () => {
    const error = (): unknown => actuatorNamed(robot, 'lefd')
    expect(error).toThrow(RobotError)
    expect(error).toThrow("robot all: 'lefd': no such actuator, did you mean 'left'?")
    expect(() => actuatorNamed({ name: 'eye', actuators: [] }, 'arm')).toThrow(/^robot eye: has no actuators/)
  })
})

describe('actuators that cannot be used are refused with one line that names file, line and key', () => {
  it.each<[what: string, from: string | RegExp, to: string, message: string]>([
    [
      'two on one topic',
      'topic: twist',
      'topic: /target',
      "11: actions.moving.topic: the topic /target is commanded by 'arm' too; leave one out",
    ],
    [
      'two on one port',
      '/dev/ttyACM0',
      '/dev/ttyUSB0',
      "10: actions.gripper.port.path: /dev/ttyUSB0 is the port of 'bus' too; give each its own port",
    ],
    [
      'two on one action',
      'limits:\n  work',
      '  claw: { action: /hand/gripper_cmd, type: control_msgs/action/GripperCommand }\nlimits:\n  work',
      "21: actions.hand.action: the action /hand/gripper_cmd is commanded by 'claw' too",
    ],
    [
      'a servo id twice',
      'pan: { id: 1 }',
      'pan: { id: 6 }',
      "17: actions.bus.joints.pan.id: servo 6 is that of 'jaw' too; give each servo of a bus an id of its own",
    ],
    ['a servo id that is none', 'id: 6', 'id: 253', '17: actions.bus.joints.jaw.id: must be from 0 to 252'],
    [
      'no such driver of servos',
      'driver: sts3215',
      'driver: sts3251',
      "15: actions.bus.driver: 'sts3251': no such driver, did you mean 'sts3215'?",
    ],
    [
      'a servo that is mounted twice over',
      'sign: -1',
      'sign: 2',
      '17: actions.bus.joints.jaw.sign: expected 1 or -1, got 2',
    ],
    [
      'fingers that are no joint',
      'joint: jaw',
      'joint: paw',
      "18: actions.bus.gripper.joint: 'paw': no such joint, did you mean 'pan'?",
    ],
    [
      'no state',
      ', state: joints }\n  lift',
      ' }\n  lift',
      '12: actions.left.state: expected the name of the sensor_msgs/msg/JointState stream',
    ],
    [
      'a state that is no stream',
      'joints: [a, b], state: joints',
      'joints: [a, b], state: joint',
      "12: actions.left.state: 'joint': no such stream, did you mean 'joints'?",
    ],
    [
      'a state of the wrong type',
      'joints: [a, b], state: joints',
      'joints: [a, b], state: tool',
      "12: actions.left.state: 'tool' is geometry_msgs/msg/PoseStamped; joints are read from a sensor_msgs/msg/JointState: joints, servos",
    ],
    [
      'a state without a joint',
      'joints: [a, b]',
      'joints: [a, b, c]',
      "12: actions.left.state: stream 'joints' selects position.a, position.b, position.lift, position.finger; add position.c to its select",
    ],
    [
      'a state that is the command',
      'topic: left/joint_trajectory',
      'topic: joint_states',
      "12: actions.left.state: 'joints' is read from /joint_states, where the commands go",
    ],
    ['a joint twice', 'joints: [a, b]', 'joints: [a, a]', '12: actions.left.joints: names a joint twice'],
    ['no joint', 'joints: [a, b]', 'joints: []', '12: actions.left.joints: needs at least one joint'],
    [
      'limits of an unknown joint',
      '    b: {',
      '    bb: {',
      "30: limits.joints.bb: 'bb': no such joint, did you mean 'b'?",
    ],
    [
      'a position without a limit',
      '    pan: { position: [-1.9 rad, 1.9 rad], velocity: 2 rad/s }\n',
      '',
      "28: limits.joints.pan: 'bus' commands the position of pan, which has no limit of position",
    ],
    [
      'a position that nothing slows',
      ', velocity: 180 deg/s',
      '',
      "29: limits.joints.a: 'left' commands the position of a, which has no limit of velocity",
    ],
    [
      'a velocity without a limit',
      ', velocity: 100 mm/s',
      '',
      "31: limits.joints.lift: 'lift' commands the velocity of lift, which has no limit of velocity",
    ],
    [
      'an end without an end',
      'continuous: true',
      'continuous: true, position: [0, 1]',
      '30: limits.joints.b: a joint that turns without an end has no limits of position',
    ],
    [
      'an angle for a joint that slides',
      '[0 mm, 500 mm]',
      '[0 deg, 90 deg]',
      "31: limits.joints.lift.position.0: got '0 deg' (an angle), wanted a length such as '85 mm'",
    ],
    [
      'a torque that is a force',
      '150 N m',
      '150 N',
      "29: limits.joints.a.effort: got '150 N' (a force), wanted a torque such as '2 N m'",
    ],
    [
      'an acceleration that is a speed',
      '10 rad/s^2',
      '10 rad/s',
      "29: limits.joints.a.acceleration: got '10 rad/s' (an angular speed), wanted an angular acceleration",
    ],
    [
      'a home pose that breaks a limit',
      'jaw: 45 deg',
      'jaw: 101 deg',
      '20: actions.bus.home.jaw: 1.76278254451 rad breaks the limits of position, from -0.174532925199 to 1.74532925199 rad',
    ],
    [
      'a home pose with a joint too few',
      ', jaw: 45 deg',
      '',
      '20: actions.bus.home: leaves out jaw; say a position for each joint',
    ],
    [
      'a home pose of an unknown joint',
      'home: { pan',
      'home: { pen',
      "20: actions.bus.home.pen: 'pen': no such joint, did you mean 'pan'?",
    ],
    [
      'a home pose in the wrong unit',
      'pan: 0 deg',
      'pan: 0 mm',
      '20: actions.bus.home.pan: the joint turns: say an angle',
    ],
    [
      'an action without its joint',
      'joint: finger, ',
      '',
      '21: actions.hand.joint: control_msgs/action/ParallelGripperCommand names the joint that it moves',
    ],
    [
      'an action that can only close',
      ', open: 0 rad',
      '',
      '21: actions.hand.closed: say two different positions, closed and open, or neither',
    ],
    [
      'an unknown type',
      'geometry_msgs/msg/TwistStamped',
      'geometry_msgs/msg/Twist',
      "11: actions.moving.type: 'geometry_msgs/msg/Twist': no such type, did you mean 'geometry_msgs/msg/TwistStamped'?",
    ],
    [
      'an action of a message',
      'control_msgs/action/ParallelGripperCommand',
      'control_msgs/action/Gripper',
      "21: actions.hand.type: 'control_msgs/action/Gripper': no such type",
    ],
    [
      'nothing that commands',
      /hand: \{.*\}/,
      'hand: {}',
      '21: actions.hand: expected a driver with its port, a topic with its type, or an action with its type',
    ],
    ['a name that is none', '  hand: {', '  2nd: {', '21: actions.2nd: expected the name of an actuator'],
    [
      'an unknown key',
      'frame: base_link',
      'frame: base_link, frames: base_link',
      "11: actions.moving.frames: 'frames': no such key here, did you mean 'frame'?",
    ],
    [
      'joints of a gripper',
      'port: { path: /dev/ttyUSB0 }',
      'port: { path: /dev/ttyUSB0 }, limits: { joints: { a: {} } }',
      "10: actions.gripper.limits.joints.a: 'gripper' has no joints",
    ],
    [
      'a width of what is no gripper',
      'joints: [a, b],',
      'joints: [a, b], limits: { width: [0, 1] },',
      "12: actions.left.limits.width: 'left' is no gripper; leave this out",
    ],
    [
      'a workspace that nothing can keep',
      'joints: [a, b],',
      'joints: [a, b], limits: { speed: 1 m/s },',
      "12: actions.left.limits.speed: where the tool of 'left' is follows from its joints alone: say its kinematics",
    ],
    [
      'a gripper without its width',
      '  width: [0 mm, 85 mm]\n',
      '',
      "22: limits: 'gripper' needs the limits width, effort; missing: width",
    ],
  ])('%s', (_what, from, to, message) => {
    const text = changed(from, to)
    const refusal = (): unknown => parsed(text)
    expect(refusal).toThrow(RobotError)
    let said = ''
    try {
      refusal()
    } catch (error) {
      said = (error as RobotError).message
      expect((error as RobotError).exit).toBe(2)
    }
    expect(said.replace('all.yaml:', '').startsWith(message) ? message : said).toBe(message)
    expect(said).not.toContain('\n')
  })
})
