import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { wrapPolicy } from '../../app/policies/wrap-policy.js'
import { readRobot } from '../../app/robot/load-robot.js'
import { mapOfBundle } from '../../policy/leapp/bundle-map.js'
import { readBundle } from '../../policy/leapp/bundle.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { temporaryFolder } from '../e2e/prehend.js'
import { observation, Scratch } from './onnx-models.js'

/** A bundle that LEAPP wrote, with what its network makes of random inputs: make_bundle.py. */
const root = fileURLToPath(new URL('leapp-bundle/reach', import.meta.url))
const yaml = join(root, 'reach.yaml')
const text = readFileSync(yaml, 'utf8')

const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
const robotText = (joints: readonly string[]): string => `
robot: so101
tick: { rate: 50 Hz }
streams:
  positions: { topic: /joint_states, type: sensor_msgs/msg/JointState, align: interpolate,
               select: [${joints.map(joint => `position.${joint}`).join(', ')}] }
  velocities: { topic: /joint_states, type: sensor_msgs/msg/JointState, align: interpolate,
                select: [${joints.map(joint => `velocity.${joint}`).join(', ')}] }
actions:
  arm:
    driver: sts3215
    port: { path: /dev/ttyACM0 }
    joints: { ${joints.map((joint, i) => `${joint}: { id: ${i + 1} }`).join(', ')} }
    state: positions
limits: { joints: { ${joints.map(joint => `${joint}: { position: [-3 rad, 3 rad], velocity: 3 rad/s }`).join(', ')} } }
`
const folder = temporaryFolder()

describe('a LEAPP bundle', () => {
  test("is taken as it is, and gives its network's outputs", async () => {
    const scratch = new Scratch()
    const { object } = await wrapPolicy(yaml, {
      robot: scratch.file('so101.yaml', robotText(JOINTS)),
      out: join(folder, 'out.onnx'),
      reference: join(root, 'reference.npz'),
    })
    expect(object).toMatchObject({
      name: 'policy',
      inputs: { joint_pos: { as: 'vector', from: ['positions'] }, joint_vel: { from: ['velocities'] } },
      outputs: {
        action_chunk: {
          tensor: 'target',
          shape: [1, 6],
          rate: 50,
          groups: [{ name: 'arm', kind: 'joint_position', joints: JOINTS }],
        },
      },
      parity: { differences: { target: expect.closeTo(0, 5) as number } },
    })
    scratch.remove()
  })

  test('begins its states with its initial values, in every episode', async () => {
    const scratch = new Scratch()
    const from = fileURLToPath(new URL('leapp-bundle/remember', import.meta.url))
    const rows = JSON.parse(readFileSync(join(from, 'reference.json'), 'utf8')) as {
      joints: number[]
      target: number[]
    }[]
    const out = join(folder, 'remember.onnx')
    const robotFile = scratch.file('so101.yaml', robotText(JOINTS))
    const { object } = await wrapPolicy(join(from, 'remember.yaml'), { robot: robotFile, out })
    expect(object).toMatchObject({ inputs: { memory_in: { as: 'state', initial: [0.5, -0.25, 1, 2] } } })
    const policy = await OnnxPolicy.load(out, readRobot(robotFile))
    try {
      for (const episode of [0, 1])
        for (const [index, { joints, target }] of rows.entries()) {
          const seen = observation({ positions: { kind: 'vector', data: Float64Array.from(joints) } })
          const { data } = await policy.infer({ ...seen, episode, index })
          expect([...data]).toEqual(target.map(value => expect.closeTo(value, 5) as number))
        }
    } finally {
      await policy.close()
    }
    scratch.remove()
  })

  test('whose initial values are not there is refused', async () => {
    const scratch = new Scratch()
    const from = fileURLToPath(new URL('leapp-bundle/remember', import.meta.url))
    for (const name of ['remember.yaml', 'policy.onnx']) scratch.file(name, readFileSync(join(from, name)))
    const robotFile = scratch.file('so101.yaml', robotText(JOINTS))
    await expect(
      wrapPolicy(join(scratch.path, 'remember.yaml'), { robot: robotFile, out: join(folder, 'no.onnx') }),
    ).rejects.toThrow(/remember\.yaml: its initial values cannot be read: .*remember_initial_values\.safetensors/)
    scratch.remove()
  })

  test('for other joints is refused with all that does not fit', () => {
    const robot = parseRobot(robotText(['a', 'elbow_flex']), 'other.yaml')
    const { faults } = mapOfBundle(readBundle(text, 'reach.yaml'), robot, {})
    expect(faults).toEqual([
      expect.stringMatching(
        /^input joint_pos: no stream of the robot file has position\.shoulder_pan, position\.shoulder_lift, /,
      ) as string,
      expect.stringMatching(/^input joint_vel: no stream of the robot file has velocity\.shoulder_pan, /) as string,
      expect.stringMatching(
        /^output target: no actuator of the robot takes the joint_position of shoulder_pan, .*the robot file has arm, a, elbow_flex$/,
      ) as string,
    ])
  })

  test('feeds an output back as a state; a map says what it does not', () => {
    const other = text
      .replace('feedback_flow: {}', 'feedback_flow: { policy/target: [policy/joint_vel] }')
      .replace('state/joint/position', 'command/body/pose')
      .replace('frequency: 50.0', '{}')
    const { map, faults } = mapOfBundle(
      readBundle(other, 'reach.yaml'),
      parseRobot(robotText(JOINTS), 'so101.yaml'),
      {},
    )
    expect(map).toMatchObject({ inputs: { joint_vel: { as: 'state', output: 'target' } } })
    expect(faults).toEqual([
      "input joint_pos: is of LEAPP's kind command/body/pose: say in a map what it is made from",
      expect.stringMatching(/^it has 0 outputs that are not fed back/) as string,
      expect.stringMatching(/^its rate is not known/) as string,
    ])
  })

  test.each<[string, (text: string) => string, RegExp]>([
    ['another backend', each => each.replace('backend: onnx', 'backend: jit'), /its model is for the backend jit/],
    [
      'a model elsewhere',
      each => each.replace('model_path: policy', 'model_path: ../policy'),
      /its model_path '\.\.\/policy\.onnx' is no name of a file/,
    ],
    [
      'two models',
      each =>
        each.replace(
          '\npipeline:',
          `${/ {2}policy:[\s\S]*?(?=\npipeline)/.exec(each)?.[0].replace('policy:', 'second:') ?? ''}\npipeline:`,
        ),
      /it has 2 models \(policy, second\)/,
    ],
    [
      'initial values elsewhere',
      each => each.replace('data_flow: {}', 'initial_values: ../x.safetensors'),
      /its initial_values '\.\.\/x\.safetensors' is no name of a file in its folder/,
    ],
    ['no YAML', () => '{', /not YAML/],
    ['no models', () => 'pipeline: {}', /models: expected/],
  ])('with %s is refused', (_what, change, says) => {
    expect(() => readBundle(change(text), 'reach.yaml')).toThrow(says)
  })
})
