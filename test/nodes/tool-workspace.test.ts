import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { UsageError } from '../../app/output/output.js'
import { toolKinematics } from '../../app/session/tool-kinematics.js'
import { parseRobot } from '../../robots/robot-file.js'
import { group, TopicRobot } from './topic-robot.js'

const URDF = readFileSync(new URL('../../examples/robots/ur5e.urdf', import.meta.url), 'utf8')
const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow', 'wrist_1', 'wrist_2', 'wrist_3'].map(name => `${name}_joint`)
const HOME = [0, -1.57, 1.57, -1.57, -1.57, 0]

const ROBOT = `
robot: ur5e
tick: { rate: 30 Hz }
streams:
  joints:
    topic: /joint_states
    type: sensor_msgs/msg/JointState
    select: [${JOINTS.map(joint => `position.${joint}`).join(', ')}]
  voice: { topic: /voice/events, type: prehend_interfaces/msg/VoiceEvent }
actions:
  arm:
    topic: /commands
    type: std_msgs/msg/Float64MultiArray
    values: position
    joints: [${JOINTS.join(', ')}]
    state: joints
    kinematics: { file: ur5e.urdf, base: base, tip: tool0 }
limits:
  workspace: { x: [-1 m, 1 m], y: [-600 mm, 600 mm], z: [300 mm, 1 m] }
  speed: 250 mm/s
  joints:
${JOINTS.map(joint => `    ${joint}: { position: [-3 rad, 3 rad], velocity: 2 rad/s, acceleration: 10 rad/s^2 }`).join('\n')}
`

it('an arm by its joints keeps the place and the speed of its tool, by the URDF of the robot file', async () => {
  const file = parseRobot(ROBOT, 'ur5e.yaml', '/', () => URDF)
  const kinematics = await toolKinematics(file)
  const robot = new TopicRobot(file, [group({ name: 'arm', kind: 'joint_position', joints: JOINTS })], { kinematics })
  const tool = (await toolKinematics(file)).get('arm')!
  let at = Float64Array.from(HOME)
  let lowest = Infinity
  let fastest = 0
  const before = new Float64Array(3)
  tool.set(at)
  before.set(tool.position)
  robot.sent('/commands', 'std_msgs/msg/Float64MultiArray', ({ data }) => {
    at = data.slice()
    tool.set(at)
    lowest = Math.min(lowest, tool.position[2]!)
    fastest = Math.max(fastest, Math.hypot(...tool.position.map((value, i) => value - before[i]!)) * 100)
    before.set(tool.position)
  })
  const states = robot.bus.advertise('/joint_states', 'sensor_msgs/msg/JointState')
  const none = new Float64Array(0)
  const measure = (stamp: number, i: number): void => {
    if (i % 8 === 0)
      states.publish({ stamp, frameId: '', name: JOINTS, position: at.slice(), velocity: none, effort: none })
  }
  await robot.up()
  // The shoulder bends down: the tool would go through the floor of its workspace.
  robot.row = [0, -0.5, 1.57, -1.57, -1.57, 0]
  await robot.run(3000, measure)
  expect(robot.control.hold).toBe('none')
  expect(at[1]).toBeGreaterThan(-1.57 + 0.05)
  expect(at[1]).toBeLessThan(-0.6)
  expect(lowest).toBeGreaterThanOrEqual(0.3 - 1e-6)
  expect(lowest).toBeLessThan(0.302)
  expect(fastest).toBeGreaterThan(0.2)
  expect(fastest).toBeLessThanOrEqual(0.25 + 1e-6)
  expect(robot.control.clips).toBeGreaterThan(10)
  await robot.control.shutdown()
})

it('a robot whose tool has limits is not moved where nothing says where the tool is', () => {
  const file = parseRobot(ROBOT, 'ur5e.yaml', '/', () => URDF)
  expect(() => new TopicRobot(file, [])).toThrow('arm: nothing says where its tool is')
})

it('a model that cannot be computed is refused in one line', async () => {
  const file = parseRobot(ROBOT, 'ur5e.yaml', '/', () => URDF)
  const [arm] = file.actuators
  const broken = { ...arm!, kinematics: { ...arm!.kinematics!, model: '<robot name="r"><link name="a"/></robot>' } }
  await expect(toolKinematics({ ...file, actuators: [broken] })).rejects.toThrow(
    /^robot ur5e: actions\.arm\.kinematics: ur5e\.urdf: [^\n]+$/,
  )
  await expect(toolKinematics({ ...file, actuators: [broken] })).rejects.toBeInstanceOf(UsageError)
})

it('a home pose whose tool is outside of its workspace is refused in one line', async () => {
  const home = `    home: { ${JOINTS.map((joint, i) => `${joint}: ${HOME[i]} rad`).join(', ')} }\n`
  const text = ROBOT.replace('limits:', `${home}limits:`)
  expect((await toolKinematics(parseRobot(text, 'ur5e.yaml', '/', () => URDF))).size).toBe(1)
  const low = parseRobot(text.replace('z: [300 mm, 1 m]', 'z: [0 m, 300 mm]'), 'ur5e.yaml', '/', () => URDF)
  await expect(toolKinematics(low)).rejects.toThrow(
    /^robot ur5e: actions\.arm\.home: it puts tool0 at z = 0\.\d{4} m, and the workspace goes from 0 to 0\.3 m; change one of the two$/,
  )
})

it('a joint that follows one of the arm is where that one puts it', async () => {
  const whole = (await toolKinematics(parseRobot(ROBOT, 'ur5e.yaml', '/', () => URDF))).get('arm')!
  const urdf = URDF.replace(
    '<joint name="wrist_3_joint" type="revolute">',
    '$&<mimic joint="elbow_joint" multiplier="-0.5" offset="0.25"/>',
  )
  expect(urdf).not.toBe(URDF)
  const text = ROBOT.replace(/(, |position\.)?wrist_3_joint(: \{.*\})?/g, '').replace(/^ +\n/m, '')
  const following = (await toolKinematics(parseRobot(text, 'ur5e.yaml', '/', () => urdf))).get('arm')!
  following.set(HOME.slice(0, 5))
  whole.set([...HOME.slice(0, 5), 0.25 - 0.5 * HOME[2]!])
  whole.rotation.forEach((value, i) => expect(following.rotation[i]).toBeCloseTo(value, 12))
  expect(() => parseRobot(ROBOT, 'ur5e.yaml', '/', () => urdf)).toThrow(
    "actions.arm.kinematics.tip: ur5e.urdf: 'wrist_3_joint' follows 'elbow_joint', so it has no command of its own; leave it out",
  )
})
