import { afterAll, describe, expect, it } from 'vitest'
import { CONTRACT_KEY, parseContract } from '../../policy/contract/contract.js'
import { checkAgainstRobot } from '../../policy/contract/contract-robot.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { cell, contractJson, observation, onnxBytes, Scratch, version2Json } from './onnx-models.js'

const scratch = new Scratch()
afterAll(() => scratch.remove())

const robotOf = (select = '[position.a, position.b, position.c]') =>
  parseRobot(
    `
robot: two_arms
tick: { rate: 30 Hz }
streams:
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: ${select} }
  torques: { topic: /torques, type: sensor_msgs/msg/JointState, select: [effort.a] }
actions:
  left: { topic: /left/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [b, a], state: joints }
  right: { topic: /right/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [c], state: joints }
limits:
  joints:
    a: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    b: { position: [-1 rad, 1 rad], velocity: 1 rad/s }
    c: { position: [-2 rad, 2 rad], velocity: 2 rad/s }
`,
    'two-arms.yaml',
  )
const robot = robotOf()

const LEFT = { name: 'left', kind: 'joint_position', joints: ['b', 'a'], counts: 'offset' }
const RIGHT = { name: 'right', kind: 'joint_position', joints: ['c'] }

const INPUT = { torque: { as: 'vector', dtype: 'float32', shape: [1, 1], from: ['torques'] } }

/** A contract whose chunk is these groups, two rows of them. */
function jsonOf(groups: readonly object[], columns = 3) {
  const chunk = { dtype: 'float32', shape: [1, 2, columns], rate: 10, groups }
  return version2Json(robot, INPUT, { action_chunk: chunk })
}

describe('a policy that commands joints', () => {
  it('gives its chunk in SI units within its limits, with what it commands and where that counts from', async () => {
    const groups = [
      { ...LEFT, scale: [2, 0.5], bias: [0.25, 0] },
      { ...RIGHT, scale: Math.PI / 180, limits: [[-0.5, 1]] },
    ]
    const rows = [1, 2, 90, -1, -2, -90]
    const model = scratch.file(
      'joints.onnx',
      onnxBytes({
        inputs: [{ name: 'torque', dtype: 'float32', shape: [1, 1] }],
        outputs: [{ name: 'action_chunk', dtype: 'float32', shape: [1, 2, 3] }],
        initialisers: [{ name: 'rows', shape: [1, 2, 3], data: Float32Array.from(rows) }],
        nodes: [{ op: 'Add', inputs: ['rows', 'torque'], outputs: ['action_chunk'] }],
        metadata: { [CONTRACT_KEY]: JSON.stringify(jsonOf(groups)) },
      }),
    )
    const policy = await OnnxPolicy.load(model, robot)
    try {
      const joints = { kind: 'vector', data: Float64Array.of(0.1, 0.2, 0.3) } as const
      const torques = { kind: 'vector', data: Float64Array.of(0) } as const
      const chunk = await policy.infer(observation({ joints, torques }))
      expect([...chunk.data]).toEqual([2.25, 1, 1, -1.75, -1, -0.5])
      // The names of the joints say where they are, not their places.
      expect([...chunk.origin]).toEqual([0.2, 0.1])
      expect(chunk.groups).toEqual([LEFT, { ...RIGHT, counts: 'absolute' }].map(group => ({ ...group, unit: 'rad' })))
      const blind = await policy.infer(observation({ joints: undefined, torques }))
      expect([...blind.origin]).toEqual([NaN, NaN])
    } finally {
      await policy.close()
    }
  })
})

describe('a contract of version 2', () => {
  it.each<[string, readonly object[], number, string]>([
    ['no groups', [], 3, 'outputs.action_chunk.groups: needs at least 1 entry'],
    ['a kind that is none', [{ ...LEFT, kind: 'joint_positions' }], 2, "did you mean 'joint_position'?"],
    ['a field that its kind lacks', [{ ...LEFT, rotation: 'yaw' }], 2, "'rotation': no such field of a group"],
    ['a joint twice', [{ ...LEFT, joints: ['a', 'a'] }], 2, 'groups.0.joints: a joint is named twice'],
    ['a group twice', [RIGHT, RIGHT], 2, "two groups are called 'right'"],
    ['an absolute yaw', [{ name: 'arm', kind: 'pose', rotation: 'yaw', frame: 'base' }], 4, 'a yaw is an offset'],
    [
      'a gripper with two widths',
      [{ name: 'gripper', kind: 'gripper', channels: ['width', 'opening'] }],
      2,
      'either a width (m) or an opening (0 to 1)',
    ],
    ['a scale of another length', [{ ...LEFT, scale: [1, 2, 3] }], 2, 'scale has 3 entries, the group has 2 columns'],
    ['limits in reverse', [{ ...RIGHT, limits: [[1, 0]] }], 1, 'groups.0.limits.0: the first is not below the second'],
    ['a shape of another width', [LEFT, RIGHT], 5, 'the groups have 3 columns (b.position, a.position, c.position)'],
  ])('with %s is refused in one line that names it', (_what, groups, columns, message) => {
    const parse = (): unknown => parseContract(jsonOf(groups, columns), 'm.onnx')
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'POLICY_CONTRACT',
        message: expect.stringMatching(/^m\.onnx: not a policy contract: [^\n]*$/) as string,
      }) as Error,
    )
    expect(parse).toThrow(message)
  })

  it('has groups, and version 1 has none', () => {
    const json = jsonOf([LEFT, RIGHT])
    expect(() => parseContract({ ...json, version: 1 }, 'm')).toThrow('a chunk of version 1 has no groups')
  })

  it.each<[string, readonly object[], string]>([
    ['another actuator', [LEFT, { ...RIGHT, name: 'lift' }], 'group lift: the robot has no actuator lift'],
    ['another kind', [LEFT, { ...RIGHT, kind: 'joint_effort' }], 'group right: the policy commands joint_effort'],
    ['other joints', [LEFT, { ...RIGHT, joints: ['d'] }], 'group right: the actuator has no d (it has c)'],
    [
      'a joint without an end',
      [{ ...LEFT, continuous: ['a'] }, RIGHT],
      'a turns without an end, for the robot file it has',
    ],
    ['joints that slide', [LEFT, { ...RIGHT, unit: 'm' }], 'commands c in m, and for the robot file it turns'],
    ['another order', [{ ...LEFT, joints: ['a', 'b'] }, RIGHT], 'the actuator takes b, a, in this order'],
  ])('for %s than the robot has does not fit it', (_what, groups, message) => {
    expect(checkAgainstRobot(parseContract(jsonOf(groups), 'm'), robot).join('\n')).toContain(message)
  })

  it('of version 1 says nothing of joints, so it does not fit a robot that has joints to command', () => {
    const contract = parseContract({ ...contractJson(), robot: version2Json(robot, {}).robot }, 'm')
    expect(checkAgainstRobot(contract, robot)).toContain(
      'the policy has no groups (contract version 1), so it commands nothing of left',
    )
  })

  it.each(['quaternion', '6d', 'rotation_vector'])('with a %s does not fit an arm that only yaws', rotation => {
    const groups = [{ name: 'arm', kind: 'pose', rotation, frame: 'base' }]
    const columns = { quaternion: 7, '6d': 9, rotation_vector: 6 }[rotation]
    const chunk = { dtype: 'float32', shape: [1, 2, columns], rate: 10, groups }
    const json = version2Json(
      cell,
      { tool: { as: 'vector', dtype: 'float32', shape: [1, 7], from: ['tool'] } },
      { action_chunk: chunk },
    )
    expect(checkAgainstRobot(parseContract(json, 'm'), cell)).toEqual([
      `group arm: the arm is moved by place and yaw alone, and the policy commands a whole rotation (${rotation})`,
    ])
  })
})
