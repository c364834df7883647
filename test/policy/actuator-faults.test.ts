import { describe, expect, it } from 'vitest'
import type { ActionGroup } from '../../policy/action/action-kind.js'
import { actuatorFaults } from '../../policy/action/actuator-faults.js'
import { parseRobot } from '../../robots/robot-file.js'

const { actuators } = parseRobot(
  `
robot: many
tick: { rate: 30 Hz }
streams:
  tool: { topic: tool, type: geometry_msgs/msg/PoseStamped }
  hand: { topic: hand, type: geometry_msgs/msg/PoseStamped }
  joints: { topic: joints, type: sensor_msgs/msg/JointState, select: [position.wheel, position.lift] }
actions:
  arm: { topic: target, type: geometry_msgs/msg/PoseStamped, pose: tool }
  tilting: { topic: tilting, type: geometry_msgs/msg/PoseStamped, pose: tool, tilts: true, frame: base }
  servo: { topic: twist, type: geometry_msgs/msg/TwistStamped, frame: base, pose: hand }
  wheel: { topic: wheel, type: std_msgs/msg/Float64MultiArray, values: velocity, joints: [wheel], state: joints }
  lift: { topic: lift, type: std_msgs/msg/Float64MultiArray, values: position, joints: [lift], state: joints }
limits:
  workspace: { x: [0 m, 1 m], y: [0 m, 1 m], z: [0 m, 1 m] }
  speed: 0.2 m/s
  yaw_rate: 90 deg/s
  joints:
    wheel: { continuous: true, velocity: 2 rad/s }
    lift: { prismatic: true, position: [0 mm, 500 mm], velocity: 100 mm/s }
`,
  'many.yaml',
)

describe('what a robot can carry out', () => {
  it.each<[string, ActionGroup]>([
    ['a yaw of an arm that yaws', { name: 'arm', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool' }],
    ['any rotation of a tool that tilts', { name: 'tilting', kind: 'pose', rotation: '6d', frame: 'base' }],
    [
      'an offset of a tool in its own frame',
      { name: 'tilting', kind: 'pose', counts: 'offset', rotation: '6d', frame: 'tool' },
    ],
    ['a twist in its frame', { name: 'servo', kind: 'twist', frame: 'base' }],
    ['the velocity of a joint without an end', { name: 'wheel', kind: 'joint_velocity', joints: ['wheel'] }],
    ['a scalar in the unit of the joint', { name: 'lift', kind: 'scalar', unit: 'm' }],
    ['a scalar without a unit', { name: 'lift', kind: 'scalar', unit: '' }],
  ])('is %s', (_what, group) => {
    expect(actuatorFaults([group], actuators)).toEqual([])
  })

  it.each<[string, ActionGroup, string]>([
    [
      'another rotation of an arm that yaws',
      { name: 'arm', kind: 'pose', rotation: 'quaternion', frame: 'base' },
      'group arm: the arm is moved by place and yaw alone, and the policy commands a whole rotation (quaternion)',
    ],
    [
      'a twist in another frame',
      { name: 'servo', kind: 'twist', frame: 'tool0' },
      'group servo: the policy commands it in the frame tool0, and the actuator takes it in base',
    ],
    [
      'an absolute pose in another frame',
      { name: 'tilting', kind: 'pose', counts: 'absolute', rotation: '6d', frame: 'world' },
      'group tilting: the policy commands it in the frame world, and the actuator takes it in base',
    ],
    [
      'a scalar in another unit',
      { name: 'lift', kind: 'scalar', unit: 'm/s' },
      'group lift: the policy commands lift in m/s, and for the robot file it slides',
    ],
    [
      'a channel that the robot lacks',
      { name: 'lift', kind: 'joint_position', joints: ['lift', 'tilt'], unit: 'm' },
      'group lift: the actuator has no tilt (it has lift)',
    ],
  ])('is not %s', (_what, group, fault) => {
    expect(actuatorFaults([group], actuators)).toEqual([fault])
  })

  it('is the arm and the gripper alone where chunks have no groups', () => {
    expect(actuatorFaults(undefined, actuators.slice(0, 1))).toEqual([])
    expect(actuatorFaults(undefined, actuators)).toHaveLength(4)
  })
})
