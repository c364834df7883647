import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { contractFor as contractOf, type MapOptions } from '../../app/policies/wrap-map.js'
import { ChunkUnits } from '../../policy/contract/chunk-units.js'
import { readOnnx, type OnnxModel } from '../../policy/contract/onnx-metadata.js'
import { Features } from '../../policy/features/features.js'
import { readCheckpoint, type CheckpointFolder } from '../../policy/lerobot/checkpoint.js'
import { readSafetensors } from '../../policy/lerobot/safetensors.js'
import { parseRobot } from '../../robots/robot-file.js'
import { observation, onnxBytes, Scratch } from './onnx-models.js'

/** Checkpoints that LeRobot wrote, with what its processors make of random numbers: make_checkpoints.py. */
const root = fileURLToPath(new URL('lerobot', import.meta.url))
const set = join(root, 'set')

const CLOSED = -0.2
const OPEN = 1.7
const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
const robotText = (joints: readonly string[]): string => `
robot: so101
tick: { from: front }
streams:
  front: { topic: /front, type: sensor_msgs/msg/Image, align: nearest }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, align: interpolate,
            select: [${joints.map(joint => `position.${joint}`).join(', ')}] }
actions:
  arm:
    driver: sts3215
    port: { path: /dev/ttyACM0 }
    joints: { ${joints.map((joint, i) => `${joint}: { id: ${i + 1} }`).join(', ')} }
    state: joints
    gripper: { joint: ${joints.at(-1) ?? ''}, closed: ${CLOSED} rad, open: ${OPEN} rad }
limits: { joints: { ${joints.map(joint => `${joint}: { position: [-3 rad, 3 rad], velocity: 3 rad/s }`).join(', ')} } }
`
const robot = parseRobot(robotText(JOINTS), 'so101.yaml')
const graph = (state = 'observation.state', action = 'action'): OnnxModel =>
  readOnnx(
    onnxBytes({
      inputs: [
        { name: state, dtype: 'float32', shape: ['batch', 6] },
        { name: 'observation.images.front', dtype: 'float32', shape: ['batch', 3, 8, 8] },
      ],
      outputs: [{ name: action, dtype: 'float32', shape: ['batch', 4, 6] }],
      nodes: [],
    }),
    'act.onnx',
  )
const contractFor = (options: MapOptions, { model = graph(), its = robot } = {}) =>
  contractOf(options, model, its, 'act.onnx')
const said = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}
/** From the numbers of LeRobot's set (degrees, the gripper 0 to 100) to SI units. */
const toSi = (value: number, i: number): number =>
  JOINTS[i] === 'gripper' ? CLOSED + (value / 100) * (OPEN - CLOSED) : (value * Math.PI) / 180
/** What a processor answers, as LeRobot's bus commands it: the gripper from 0 to 100. */
const commanded = (value: number, i: number): number =>
  toSi(JOINTS[i] === 'gripper' ? Math.min(100, Math.max(0, value)) : value, i)

interface Reference {
  state: number[]
  colour: number[]
  normalised: Record<string, number[]>
  graph: number[][]
  action: number[][]
}

describe.each(['mean-std', 'min-max', 'quantiles'])('a checkpoint normalised by %s', mode => {
  const checkpoint = join(root, mode)
  const reference = JSON.parse(readFileSync(join(checkpoint, 'reference.json'), 'utf8')) as Reference
  const contract = contractFor({ checkpoint, dataset: set, jointUnit: 'deg' })
  const near = (value: number): number =>
    expect.closeTo(value, 4 - Math.ceil(Math.log10(Math.abs(value) + 1))) as number

  test("gives the graph what LeRobot's processors give it", () => {
    const tensors = new Features(contract, robot).fill(
      observation({
        joints: { kind: 'vector', data: Float64Array.from(reference.state, toSi) },
        front: {
          kind: 'image',
          width: 4,
          height: 4,
          channels: 3,
          data: Uint8Array.from({ length: 48 }, (_, i) => reference.colour[i % 3]),
        },
      }),
    )
    expect([...(tensors['observation.state'] as Float32Array)]).toEqual(
      reference.normalised['observation.state'].map(near),
    )
    const picture = tensors['observation.images.front'] as Float32Array
    expect([0, 64, 191].map(at => picture[at])).toEqual(reference.normalised['observation.images.front'].map(near))
  })

  test("makes of the graph's numbers what LeRobot's processors make of them", () => {
    const { action_chunk: chunk } = contract.outputs
    if (!('groups' in chunk)) throw new Error('a chunk without groups')
    expect(chunk).toMatchObject({ tensor: 'action', rate: 30, groups: [{ name: 'arm', joints: JOINTS, unit: 'rad' }] })
    const data = Float32Array.from(reference.graph.flat())
    new ChunkUnits(chunk.groups).convert(data)
    expect([...data]).toEqual(reference.action.flatMap(row => row.map((value, i) => near(commanded(value, i)))))
  })
})

describe('a checkpoint', () => {
  const checkpoint = join(root, 'mean-std')

  test('for other joints is refused with all that does not fit', () => {
    const other = parseRobot(robotText(['a', 'b', 'shoulder_pan']), 'other.yaml')
    const message = said(() => contractFor({ checkpoint, dataset: set, jointUnit: 'deg' }, { its: other }))
    expect(message).not.toContain('\n')
    expect(message).toMatch(
      /input observation\.state: the robot has no shoulder_lift, elbow_flex, wrist_flex, wrist_roll, gripper: the checkpoint is for shoulder_pan, /,
    )
    expect(message).toMatch(
      /action: no actuator of the robot takes shoulder_lift, elbow_flex, wrist_flex, wrist_roll: .*the robot file has arm, a, b, shoulder_pan/,
    )
  })

  test('takes the state of the arm, not a leader with the same joints', () => {
    const text = robotText(JOINTS)
    const leader = `streams:\n  a_leader: { topic: /leader, type: sensor_msgs/msg/JointState, ${/select: \[[^\]]*\]/.exec(text)?.[0]} }\n`
    const from = (state: string): unknown => {
      const led = parseRobot(text.replace('streams:\n', leader).replace('state: joints', state), 'led.yaml')
      return contractFor({ checkpoint, dataset: set, jointUnit: 'deg' }, { its: led }).inputs
    }
    expect(from('state: joints')).toMatchObject({ 'observation.state': { from: ['joints'] } })
    expect(from('state: a_leader')).toMatchObject({ 'observation.state': { from: ['a_leader'] } })
  })

  test('says all that does not fit the robot, the graph and the set, in one go', () => {
    const scratch = new Scratch()
    const other = parseRobot(robotText(['a', 'b', 'shoulder_pan']), 'other.yaml')
    const model = readOnnx(
      onnxBytes({
        inputs: [
          { name: 'observation.state', dtype: 'float32', shape: ['batch', 6] },
          { name: 'observation.images.front', dtype: 'float32', shape: ['batch', 3, 'height', 8] },
          { name: 'observation.velocity', dtype: 'float32', shape: [1, 4] },
          { name: 'extra', dtype: 'int64', shape: [1] },
        ],
        outputs: [{ name: 'action', dtype: 'float32', shape: ['batch', 4, 6] }],
        nodes: [],
      }),
      'act.onnx',
    )
    const map = scratch.file(
      'map.yaml',
      'inputs: { observation.velocity: { as: vector, from: joints }, more: { as: ages, from: joints } }',
    )
    const message = said(() => contractFor({ checkpoint, map, jointUnit: 'deg' }, { its: other, model }))
    for (const what of [
      /input observation\.state: the names of its values are not known/,
      /input extra: none of the checkpoint's/,
      /its rate is not known/,
      /action: the names of its values are not known/,
      /input observation\.images\.front: the graph leaves its shape open, \[batch, 3, height, 8\]/,
      /input observation\.velocity: the contract has 4 values, the robot file's streams 3/,
      /input more: in the map, not in the graph/,
    ])
      expect(message).toMatch(what)
    expect(message).not.toContain('\n')
    scratch.remove()
  })

  test('without names, rate and unit says how to give them', () => {
    const message = said(() => contractFor({ checkpoint }))
    expect(message).toMatch(/its rate is not known: say --dataset DIR/)
    expect(message).toMatch(/action: the names of its values are not known/)
    expect(message).toMatch(/say --joint-unit deg, lerobot or rad/)
  })

  const ownGroups = `{ name: arm, kind: joint_position, joints: [${JOINTS.join(', ')}], unit: deg }`
  const mapWith = (state: string): string =>
    `name: mine\ninputs: {${state}}\noutputs: { action_chunk: { groups: [${ownGroups}] } }\n`

  test('whose actions are in a map is still asked for the unit of its state', () => {
    const scratch = new Scratch()
    const map = scratch.file('map.yaml', mapWith(''))
    const message = said(() => contractFor({ checkpoint, dataset: set, map }))
    expect(message).toMatch(
      /input observation\.state: the unit of its joints is not known.*say --joint-unit deg, lerobot or rad/,
    )
    expect(message).not.toContain('\n')
    const inMap = scratch.file('unit.yaml', mapWith(' observation.state: { unit: deg } '))
    const scales = (options: MapOptions): unknown => contractFor(options).inputs['observation.state']
    const arm = (input: unknown): number[] => (input as { scale: number[] }).scale.slice(0, 5)
    expect(arm(scales({ checkpoint, dataset: set, map: inMap }))).toEqual(
      arm(scales({ checkpoint, dataset: set, map, jointUnit: 'deg' })).map(each => expect.closeTo(each, 9) as number),
    )
    scratch.remove()
  })

  test('gets the velocities of joints in the unit of the set', () => {
    const scratch = new Scratch()
    const text = robotText(JOINTS).replaceAll('position.', 'velocity.')
    const its = parseRobot(
      `${text.slice(0, text.indexOf('actions:'))}  measured: { topic: /joints, type: sensor_msgs/msg/JointState, align: interpolate,
              select: [${JOINTS.map(joint => `position.${joint}`).join(', ')}] }
${text.slice(text.indexOf('actions:')).replace('state: joints', 'state: measured')}`,
      'velocities.yaml',
    )
    const datasetWith = (names: string[]): string => {
      mkdirSync(join(scratch.path, 'set/meta'), { recursive: true })
      const info = JSON.parse(readFileSync(join(set, 'meta/info.json'), 'utf8')) as {
        features: Record<string, { names: string[] }>
      }
      info.features['observation.state'].names = names
      scratch.file('set/meta/info.json', JSON.stringify(info))
      return join(scratch.path, 'set')
    }
    const dataset = datasetWith(JOINTS.map(joint => `joints.velocity.${joint}`))
    const inSet = (jointUnit: 'rad' | 'deg'): { scale: number[]; bias: number[] } =>
      contractFor({ checkpoint, dataset, jointUnit }, { its }).inputs['observation.state'] as never
    const [rad, deg] = [inSet('rad'), inSet('deg')]
    const perSi = (i: number): number => (i === 5 ? 100 / (OPEN - CLOSED) : 180 / Math.PI)
    expect(deg.scale.map((each, i) => each / rad.scale[i])).toEqual(
      JOINTS.map((_, i) => expect.closeTo(perSi(i), 9) as number),
    )
    expect(deg.bias).toEqual(rad.bias)
    scratch.remove()
  })

  test('is told by a map what it does not say, and the map goes before', () => {
    const scratch = new Scratch()
    const map = scratch.file(
      'map.yaml',
      `name: mine
inputs: { robot_state: { as: vector, from: joints, scale: 2, bias: 1 } }
outputs: { action_chunk: { tensor: out, rate: 15 } }
`,
    )
    const model = graph('robot_state', 'out')
    const { name, inputs, outputs } = contractFor({ checkpoint, dataset: set, jointUnit: 'rad', map }, { model })
    expect(name).toBe('mine')
    expect(inputs['robot_state']).toMatchObject({ from: ['joints'], scale: 2, bias: 1 })
    expect(outputs.action_chunk).toMatchObject({ tensor: 'out', rate: 15, groups: [{ name: 'arm' }] })
    expect(said(() => contractFor({ checkpoint, dataset: set, jointUnit: 'rad' }, { model }))).toMatch(
      /input robot_state: none of the checkpoint's \(observation\.state, observation\.images\.front\)/,
    )
    scratch.remove()
  })

  test.each<[string, string, (text: string) => string, RegExp]>([
    [
      'a step of its own',
      'policy_preprocessor.json',
      text => text.replace('device_processor', 'tokenizer_processor'),
      /step 2 \(tokenizer_processor\) is none that a contract can say/,
    ],
    [
      'a file elsewhere',
      'policy_preprocessor.json',
      text => text.replace('policy_preprocessor_step_3', '../x'),
      /state_file '\.\.\/x.*is no name of a safetensors file/,
    ],
    [
      'no statistics',
      'policy_postprocessor.json',
      text => text.replace('policy_postprocessor_step_0', 'gone'),
      /its file gone_unnormalizer_processor\.safetensors is not there/,
    ],
    [
      'an unknown mode',
      'policy_postprocessor.json',
      text => text.replaceAll('MEAN_STD', 'LOG'),
      /norm_map\.VISUAL: expected "IDENTITY" or/,
    ],
    ['no JSON', 'config.json', () => '{', /config\.json: not JSON/],
    [
      'no action',
      'config.json',
      text => text.replace('"action"', '"move"'),
      /output_features has no action \(it has move\)/,
    ],
  ])('with %s is refused', (_what, file, change, says) => {
    const folder: CheckpointFolder = {
      path: 'ckpt',
      read(name) {
        try {
          const bytes = readFileSync(join(checkpoint, name))
          return name === file ? Buffer.from(change(bytes.toString())) : bytes
        } catch {
          return undefined
        }
      },
    }
    expect(said(() => readCheckpoint(folder))).toMatch(says)
    expect(said(() => readCheckpoint({ ...folder, read: () => undefined }))).toMatch(
      /config\.json is not there; policy_preprocessor\.json is not there: LeRobot before 0\.4/,
    )
  })
})

describe('a safetensors file', () => {
  const file = (header: string | object, data = new Uint8Array(8)): Uint8Array => {
    const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([length, text, data])
  }
  const tensor = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }

  test('is read as it was written', () => {
    const data = new Uint8Array(Float32Array.of(1.5, -2).buffer)
    const tensors = readSafetensors(file({ __metadata__: { format: 'pt' }, 'a.mean': tensor }, data), 'x')
    expect([...tensors]).toEqual([['a.mean', { shape: [2], data: Float64Array.of(1.5, -2) }]])
  })

  test.each([
    [new Uint8Array(3), /it is cut off/],
    [file('{').subarray(0, 8), /it is cut off/],
    [file('{'), /its header is not JSON/],
    [file({ a: { ...tensor, data_offsets: [0, 12] } }), /the place of 'a' does not fit its shape or the file/],
    [file({ a: { ...tensor, data_offsets: [4, 12] } }), /the place of 'a' does not fit its shape or the file/],
    [file({ a: { ...tensor, dtype: 'BF16' } }), /'a' is of the type BF16; read are F64, F32, I64, I32/],
    [file({ a: { ...tensor, shape: [-2] } }), /its header/],
    [Buffer.from('ffffffffffffffff00', 'hex'), /its header has \d+ bytes/],
  ])('that is broken is refused: %#', (bytes, says) => {
    const message = said(() => readSafetensors(bytes, 'x.safetensors'))
    expect(message).toMatch(/^x\.safetensors: not a safetensors file of statistics: /)
    expect(message).toMatch(says)
  })
})
