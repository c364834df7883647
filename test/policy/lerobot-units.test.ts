import { cpSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { contractFor, type MapOptions } from '../../app/policies/wrap-map.js'
import { ChunkUnits } from '../../policy/contract/chunk-units.js'
import type { Contract } from '../../policy/contract/contract.js'
import { readOnnx } from '../../policy/contract/onnx-metadata.js'
import { actionGroups } from '../../policy/contract/group-spec.js'
import { Features } from '../../policy/features/features.js'
import { MixedOffsets } from '../../policy/features/mixed-offsets.js'
import type { JointUnit } from '../../policy/lerobot/joint-units.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'
import { observation, onnxBytes, Scratch } from './onnx-models.js'

/** A calibration, and what LeRobot's own bus makes of counts with it: lerobot/make_calibration.py. */
const root = fileURLToPath(new URL('lerobot', import.meta.url))
const follower = join(root, 'calibration/follower.json')
const checkpoint = join(root, 'plain')
const dataset = join(root, 'set')
interface Reference {
  counts: number[][]
  numbers: number[][]
  back: number[][]
  /** Counts beyond the ranges with the bus's numbers, and numbers beyond them with the bus's counts. */
  beyond: { counts: number[][]; numbers: number[][]; said: number[][]; back: number[][] }
}
const references = JSON.parse(readFileSync(join(root, 'calibration/reference.json'), 'utf8')) as Record<
  JointUnit,
  Reference
>
const scratch = new Scratch()
afterAll(() => scratch.remove())

const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper']
/** How the servos are mounted, other than as calibrated. The signs and zeros are those of the robot file. */
const SIGNS = [1, -1, 1, 1, -1, 1]
const OFFSETS = [0.1, -0.2, 0.3, 0, 0.05, -0.4]
const limits = `limits: { joints: { ${JOINTS.map(joint => `${joint}: { position: [-3 rad, 3 rad], velocity: 3 rad/s }`).join(', ')} } }`
const select = `select: [${JOINTS.map(joint => `position.${joint}`).join(', ')}]`
const streams = `streams:
  front: { topic: /front, type: sensor_msgs/msg/Image, align: nearest }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, align: interpolate, ${select} }`
const mounted = parseRobot(
  `robot: so101
tick: { from: front }
${streams}
actions:
  arm:
    driver: sts3215
    port: { path: /dev/ttyACM0 }
    joints: { ${JOINTS.map((joint, i) => `${joint}: { id: ${i + 1}, sign: ${SIGNS[i]}, offset: ${OFFSETS[i]} rad }`).join(', ')} }
    calibration: ${JSON.stringify(JSON.parse(readFileSync(follower, 'utf8')))}
    state: joints
${limits}
`,
  'so101.yaml',
)
/** The same joints behind a controller, whose zero is the middle of each range. */
const onRos = parseRobot(
  `robot: ros-arm
tick: { from: front }
${streams}
actions:
  arm: { topic: /arm/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [${JOINTS.join(', ')}], state: joints }
${limits}
`,
  'ros.yaml',
)

const graph = (state = 6, action = state) =>
  readOnnx(
    onnxBytes({
      inputs: [{ name: 'observation.state', dtype: 'float32', shape: ['batch', state] }],
      outputs: [{ name: 'action', dtype: 'float32', shape: ['batch', 5, action] }],
      nodes: [],
    }),
    'act.onnx',
  )
const wrapped = (options: MapOptions, robot = mounted): Contract => contractFor(options, graph(), robot, 'act.onnx')
const angle = (counts: number): number => ((counts - 2048) * 2 * Math.PI) / 4096
const near = (value: number): number => expect.closeTo(value, 4) as number

function stateOf(contract: Contract, robot: Robot, state: readonly number[]): number[] {
  const tensors = new Features(contract, robot).fill(
    observation({ joints: { kind: 'vector', data: Float64Array.from(state) } }),
  )
  return [...(tensors['observation.state'] as Float32Array)]
}

function commandOf(contract: Contract, rows: readonly number[][]): number[][] {
  const { action_chunk: chunk } = contract.outputs
  if (!('groups' in chunk)) throw new Error('a chunk without groups')
  const data = Float32Array.from(rows.flat())
  new ChunkUnits(chunk.groups).convert(data)
  return rows.map((row, i) => [...data.subarray(i * row.length, (i + 1) * row.length)])
}

describe.each(['lerobot', 'deg', 'percent'] as const)("the numbers of LeRobot's unit %s", unit => {
  const { counts, numbers, back, beyond } = references[unit]
  const positions = (row: readonly number[]): number[] => row.map((c, i) => SIGNS[i]! * (angle(c) - OFFSETS[i]!))

  test('are those that its bus makes of the same counts', () => {
    const contract = wrapped({ checkpoint, dataset, jointUnit: unit })
    counts.forEach((row, i) => expect(stateOf(contract, mounted, positions(row))).toEqual(numbers[i]!.map(near)))
  })

  const expectCommanded = (contract: Contract, said: number[][], expected: number[][]): void =>
    commandOf(contract, said).forEach((row, i) =>
      row.forEach((position, joint) => {
        const at = (SIGNS[joint]! * position + OFFSETS[joint]!) * (4096 / (2 * Math.PI)) + 2048
        // LeRobot cuts off what is behind the point. Its turn has 4095 counts, ours 4096.
        expect(Math.abs(at - expected[i]![joint]!)).toBeLessThan(1.6)
      }),
    )

  test('command the counts that its bus makes of them', () => {
    expectCommanded(wrapped({ checkpoint, dataset, jointUnit: unit }), numbers, back)
  })

  test('stay within the ranges in which its bus keeps them, of states and of commands', () => {
    const contract = wrapped({ checkpoint, dataset, jointUnit: unit })
    beyond.counts.forEach((row, i) =>
      expect(stateOf(contract, mounted, positions(row))).toEqual(beyond.numbers[i]!.map(near)),
    )
    expectCommanded(contract, beyond.said, beyond.back)
  })

  test('count from the middle of the range for an arm that is no servo bus', () => {
    const contract = wrapped({ checkpoint, dataset, jointUnit: unit, calibration: follower }, onRos)
    const { shoulder_pan: pan } = JSON.parse(readFileSync(follower, 'utf8')) as Record<
      string,
      { range_min: number; range_max: number }
    >
    const middle = (pan!.range_min + pan!.range_max) / 2
    const [first] = stateOf(contract, onRos, [angle(counts[0]![0]! - middle + 2048), 0, 0, 0, 0, 0])
    expect(first).toBeCloseTo(numbers[0]![0]!, 4)
  })
})

test('a number beyond the range is brought to its end, as LeRobot does', () => {
  const contract = wrapped({ checkpoint, dataset, jointUnit: 'lerobot' })
  const [beyond, end] = commandOf(contract, [Array(6).fill(150), Array(6).fill(100)])
  expect(beyond).toEqual(end)
})

describe('a map', () => {
  const mapWith = (unit: string, more = '', ofInput = unit): string =>
    scratch.file(
      'map.yaml',
      `name: mine
${more}
inputs: { observation.state: { as: vector, from: joints, unit: ${ofInput}, mean: [1, 2, 3, 4, 5, 6], std: [10, 20, 30, 40, 50, 60] } }
outputs:
  action_chunk:
    tensor: action
    rate: 30
    groups: [{ name: arm, kind: joint_position, joints: [${JOINTS.join(', ')}], unit: ${unit}, scale: 2, bias: 3 }]
`,
    )
  const { counts, numbers } = references.lerobot
  const state = counts[0]!.map((c, i) => SIGNS[i]! * (angle(c) - OFFSETS[i]!))

  test('says the same units, before its own scales', () => {
    const contract = wrapped({ map: mapWith('lerobot') })
    expect(stateOf(contract, mounted, state)).toEqual(
      numbers[0]!.map((value, i) => near((value - (i + 1)) / (10 * (i + 1)))),
    )
    const [row] = commandOf(contract, [numbers[0]!.map(value => (value - 3) / 2)])
    expect(row).toEqual(state.map(near))
  })

  test('keeps states and commands within the ranges of these units, or within its own limits', () => {
    const map = mapWith('lerobot')
    const out = counts[0]!.map(() => 9000).map((c, i) => SIGNS[i]! * (angle(c) - OFFSETS[i]!))
    // The counts of the elbow fall as it turns forwards.
    const ends = [100, 100, -100, 100, 100, 100]
    const scaledBack = ends.map((value, i) => near((value - (i + 1)) / (10 * (i + 1))))
    const contract = wrapped({ map })
    expect(stateOf(contract, mounted, out)).toEqual(scaledBack)
    const [beyond, end] = commandOf(contract, [ends.map(value => 1.5 * value), ends.map(value => (value - 3) / 2)])
    expect(beyond).toEqual(end)
    const own = scratch.file(
      'own.yaml',
      readFileSync(map, 'utf8')
        .replace('mean:', 'limits: [[-50, 50], null, null, null, null, null], mean:')
        .replace('scale: 2', 'limits: [[-50, 50], null, null, null, null, null], scale: 2'),
    )
    const limited = wrapped({ map: own })
    expect(stateOf(limited, mounted, out)[0]).toEqual(near((50 - 1) / 10))
    expect(stateOf(limited, mounted, out)[1]).toBeGreaterThan(20)
    const [half, at] = commandOf(limited, [
      [150, 0, 0, 0, 0, 0],
      [(50 - 3) / 2, 0, 0, 0, 0, 0],
    ])
    expect(half).toEqual(at?.map(near))
  })

  test('names the calibration beside it', () => {
    scratch.file('arm.json', readFileSync(follower, 'utf8'))
    const contract = wrapped({ map: mapWith('lerobot', 'calibration: arm.json') }, onRos)
    const flag = wrapped({ map: mapWith('lerobot'), calibration: follower }, onRos)
    expect(contract.inputs).toEqual(flag.inputs)
    expect(() => wrapped({ map: mapWith('lerobot', 'calibration: gone.json') }, onRos)).toThrow(
      /gone\.json: cannot be read/,
    )
  })

  test('has the unit of each value by itself', () => {
    const contract = wrapped({ map: mapWith('lerobot', '', "[lerobot, deg, rad, '', lerobot, percent]") })
    const inUnits = [
      numbers[0]![0]!,
      (state[1]! * 180) / Math.PI,
      state[2]!,
      state[3]!,
      numbers[0]![4]!,
      numbers[0]![5]!,
    ]
    expect(stateOf(contract, mounted, state)).toEqual(
      inUnits.map((value, i) => near((value - (i + 1)) / (10 * (i + 1)))),
    )
  })

  test('without a calibration says how to give one, for every joint', () => {
    const said = (): unknown => wrapped({ map: mapWith('lerobot') }, onRos)
    expect(said).toThrow(
      /input observation\.state: shoulder_pan, shoulder_lift, .*wrist_roll, gripper|input observation\.state: shoulder_pan, .*: the range is not known: say --calibration FILE/,
    )
    expect(said).toThrow(/group arm: .*wrist_roll: the range is not known/)
  })
})

test.each([
  [
    'input observation.state: { as: vector, from: joints, unit: percent }',
    'groups: [{ name: hand, kind: gripper, channels: [opening], unit: percent }]',
    /group hand: percent is a unit of joints, and the group has none: an opening may be in %/,
  ],
  [
    'input observation.state: { as: vector, from: numbers, unit: lerobot }',
    `groups: [{ name: arm, kind: joint_position, joints: [${JOINTS.join(', ')}], unit: lerobot }]`,
    /input observation\.state: lerobot is a unit of joints, and its streams name none/,
  ],
])('a unit of joints for what is none is refused: %s', (input, groups, expected) => {
  const withNumbers = parseRobot(
    `robot: ros-arm
tick: { from: front }
${streams}
  numbers: { topic: /numbers, type: std_msgs/msg/Float64MultiArray }
actions:
  arm: { topic: /arm/joint_trajectory, type: trajectory_msgs/msg/JointTrajectory, joints: [${JOINTS.join(', ')}], state: joints }
${limits}
`,
    'ros.yaml',
  )
  const map = scratch.file(
    'none.yaml',
    `name: mine
inputs: { ${input.replace('input ', '')} }
outputs:
  action_chunk: { tensor: action, rate: 30, ${groups} }
`,
  )
  expect(() => wrapped({ map, calibration: follower }, withNumbers)).toThrow(expected)
})

describe('actions that count from the state', () => {
  const folder = join(root, 'relative')
  const {
    state,
    graph: rows,
    action,
    normalised,
  } = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8')) as {
    state: number[]
    graph: number[][]
    action: number[][]
    normalised: number[]
  }
  const range = JSON.parse(readFileSync(follower, 'utf8')) as Record<string, { range_min: number; range_max: number }>
  /** From LeRobot's degrees, the gripper 0 to 100, to the positions of the arm that is mounted otherwise. */
  const toSi = (value: number, i: number): number => {
    const { range_min: least, range_max: most } = range[JOINTS[i]!]!
    const counts = i === 5 ? least + (value / 100) * (most - least) : (least + most) / 2 + (value * 4095) / 360
    return SIGNS[i]! * (angle(counts) - OFFSETS[i]!)
  }
  const options: MapOptions = { checkpoint: folder, dataset, jointUnit: 'deg' }

  test('are added to it, but for the joints that are left out', async () => {
    const contract = wrapped(options)
    expect(contract.outputs.action_chunk).toMatchObject({ groups: [{ counts: 'offset', absolute: ['gripper'] }] })
    const here = state.map(toSi)
    expect(stateOf(contract, mounted, here)).toEqual(normalised.map(near))
    const { action_chunk: chunk } = contract.outputs
    if (!('groups' in chunk)) throw new Error('a chunk without groups')
    const data = Float32Array.from(rows.flat())
    new ChunkUnits(chunk.groups).convert(data)
    const values = { joints: { kind: 'vector', data: Float64Array.from(here) } } as const
    new MixedOffsets(mounted, chunk.groups).addTo(data, observation(values))
    // The bus keeps the gripper between 0 and 100.
    const kept = (value: number, i: number): number => (i === 5 ? Math.min(100, Math.max(0, value)) : value)
    expect([...data]).toEqual(action.flatMap(row => row.map((value, i) => near(toSi(kept(value, i), i)))))
    // What goes to the control node counts from nothing.
    expect(actionGroups(chunk.groups)).toMatchObject([{ counts: 'absolute' }])
    new MixedOffsets(mounted, chunk.groups).addTo(data, observation({ joints: undefined }))
    expect(data[0]).toBeNaN()
    expect(data[5]).not.toBeNaN()
  })

  const changed = (
    change: (steps: Record<string, unknown>[]) => unknown,
    file = 'policy_preprocessor.json',
  ): string => {
    const path = join(scratch.path, 'changed')
    cpSync(folder, path, { recursive: true })
    const pipeline = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { steps: Record<string, unknown>[] }
    change(pipeline.steps)
    scratch.file(`changed/${file}`, JSON.stringify(pipeline))
    return path
  }
  const withConfig = (more: object) => (steps: Record<string, unknown>[]) =>
    Object.assign(steps[1]!['config'] as object, more)

  test('count from it all, where no joint is left out', () => {
    const checkpoint = changed(withConfig({ exclude_joints: [] }))
    const { action_chunk: chunk } = wrapped({ ...options, checkpoint }).outputs
    expect(chunk).toMatchObject({ groups: [{ counts: 'offset' }] })
    expect(chunk).not.toMatchObject({ groups: [{ absolute: expect.anything() as unknown }] })
  })

  test.each<[string, () => string, RegExp]>([
    [
      'are made absolute and were not relative',
      () => changed(withConfig({ enabled: false })),
      /its actions are made absolute and were not relative to the state/,
    ],
    [
      'stay relative',
      () => changed(steps => (steps[1]!['config'] = { enabled: false }), 'policy_postprocessor.json'),
      /its actions are made relative to the state and not absolute again/,
    ],
    [
      'are made relative behind the normalisation',
      () => changed(steps => steps.reverse()),
      /step 1 \(relative_actions_processor\) comes behind the normalisation/,
    ],
  ])('are refused that %s', (_what, make, says) => {
    expect(() => wrapped({ ...options, checkpoint: make() })).toThrow(says)
  })

  test('are refused for a state in another order', () => {
    const info = JSON.parse(readFileSync(join(dataset, 'meta/info.json'), 'utf8')) as {
      features: Record<string, { names: string[] }>
    }
    info.features['observation.state']!.names = [...info.features['observation.state']!.names].reverse()
    mkdirSync(join(scratch.path, 'set/meta'), { recursive: true })
    scratch.file('set/meta/info.json', JSON.stringify(info))
    expect(() => wrapped({ ...options, dataset: join(scratch.path, 'set') })).toThrow(
      /shoulder_pan: counts from value 0 of observation\.state, and that is gripper\.pos/,
    )
  })
})

describe('two arms', () => {
  const arm = (side: string): string => `  ${side}:
    driver: sts3215
    port: { path: /dev/${side} }
    joints: { ${JOINTS.map((joint, i) => `${joint}: { id: ${i + 1} }`).join(', ')} }
    calibration: ${JSON.stringify(JSON.parse(readFileSync(follower, 'utf8').replaceAll('3457', side === 'left' ? '3457' : '3000')))}
    state: ${side}_joints`
  const robot = parseRobot(
    `robot: two
tick: { rate: 30 Hz }
streams:
  left_joints: { topic: /left/joint_states, type: sensor_msgs/msg/JointState, ${select} }
  right_joints: { topic: /right/joint_states, type: sensor_msgs/msg/JointState, ${select} }
actions:
${arm('left')}
${arm('right')}
${limits}
`,
    'two.yaml',
  )
  const both = (names: string[]): MapOptions => {
    mkdirSync(join(scratch.path, 'both/meta'), { recursive: true })
    const feature = { dtype: 'float32', shape: [12], names }
    const info = { fps: 30, features: { action: feature, 'observation.state': feature } }
    scratch.file('both/meta/info.json', JSON.stringify(info))
    mkdirSync(join(scratch.path, 'both/checkpoint'), { recursive: true })
    cpSync(checkpoint, join(scratch.path, 'both/checkpoint'), { recursive: true })
    const config = JSON.parse(readFileSync(join(checkpoint, 'config.json'), 'utf8')) as Record<string, unknown>
    config['input_features'] = { 'observation.state': { type: 'STATE', shape: [12] } }
    config['output_features'] = { action: { type: 'ACTION', shape: [12] } }
    scratch.file('both/checkpoint/config.json', JSON.stringify(config))
    return {
      checkpoint: join(scratch.path, 'both/checkpoint'),
      dataset: join(scratch.path, 'both'),
      jointUnit: 'lerobot',
    }
  }

  test("have LeRobot's names, and each its own calibration", () => {
    const names = ['left', 'right'].flatMap(side => JOINTS.map(joint => `${side}_${joint}.pos`))
    const { inputs, outputs } = contractFor(both(names), graph(12), robot, 'act.onnx')
    expect(inputs['observation.state']).toMatchObject({ from: ['left_joints', 'right_joints'] })
    expect(outputs.action_chunk).toMatchObject({
      groups: [
        { name: 'left', joints: JOINTS },
        { name: 'right', joints: JOINTS },
      ],
    })
    const { scale } = inputs['observation.state'] as { scale: number[] }
    expect(scale[0]! / scale[6]!).toBeCloseTo((3000 - 734) / (3457 - 734), 6)
    expect(scale[1]).toBe(scale[7])
  })

  test('are refused names that do not say which, and one calibration for both', () => {
    const names = [...JOINTS, ...JOINTS].map(joint => `${joint}.pos`)
    const said = (options: MapOptions) => () => contractFor(options, graph(12), robot, 'act.onnx')
    expect(said(both(names))).toThrow(
      /observation\.state: shoulder_pan, .*: may be of left or right: begin its name in the set with left_ or right_/,
    )
    expect(said(both(names))).toThrow(/action: shoulder_pan, .*gripper: may be of left or right/)
    expect(said({ ...both(names), calibration: follower })).toThrow(/a calibration is of one arm, and several of/)
  })
})
