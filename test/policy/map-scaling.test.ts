import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { centred, followedBy, inverse, standardised, type Affine } from '../../policy/contract/affine.js'
import { contractOfMap } from '../../policy/contract/map-contract.js'
import { checkModelMap, readMap } from '../../policy/contract/model-map.js'
import type { OnnxModel } from '../../policy/contract/onnx-metadata.js'
import { Features } from '../../policy/features/features.js'
import { cell, fullValues, observation } from './onnx-models.js'

const parseModelMap = (text: string, where: string) => checkModelMap(readMap(text, where), where)

const at = (numbers: number | readonly number[], i: number): number =>
  typeof numbers === 'number' ? numbers : numbers[i]
const applied = ({ scale, bias }: Affine, x: number, i: number): number => x * at(scale, i) + at(bias, i)

describe('affine maps', () => {
  const number = fc.double({ min: -100, max: 100, noNaN: true })
  const size = fc.double({ min: 0.01, max: 100, noNaN: true })
  const list = (each: fc.Arbitrary<number>) => fc.oneof(each, fc.array(each, { minLength: 3, maxLength: 3 }))
  const affine = fc.record({ scale: list(size), bias: list(number) })

  test('one after the other, and back, for numbers and lists', () => {
    fc.assert(
      fc.property(affine, affine, number, fc.nat({ max: 2 }), (a, b, x, i) => {
        const y = applied(b, applied(a, x, i), i)
        expect(applied(followedBy(a, b), x, i)).toBeCloseTo(y, 6)
        expect(Math.abs(applied(inverse(a), applied(a, x, i), i) - x)).toBeLessThan(1e-6)
      }),
    )
  })

  test('means and deviations, smallest and largest', () => {
    expect(applied(standardised([1, 2], [4, 5]), 12, 1)).toBeCloseTo((12 - 2) / 5, 12)
    const range = centred([0, -10], [100, 30])
    expect([applied(range, -10, 1), applied(range, 10, 1), applied(range, 30, 1)]).toEqual([-1, 0, 1])
  })
})

/** A graph as the file of a model describes it. */
const graph = (inputs: OnnxModel['inputs'], outputs: OnnxModel['outputs']): OnnxModel => ({
  irVersion: 8,
  producer: 'test',
  opsets: new Map([['', 17]]),
  metadata: new Map(),
  inputs,
  outputs,
  parameters: 1,
  precision: 'fp32',
  bytes: 1,
  external: new Map(),
})
const model = graph(
  [
    { name: 'observation.images.front', dtype: 'float32', shape: [undefined, 3, 6, 8] },
    { name: 'observation.state', dtype: 'float32', shape: [1, 8] },
  ],
  [{ name: 'action', dtype: 'float32', shape: [1, 4, 6] }],
)
const contract = (map: object) => contractOfMap(checkModelMap({ name: 'm', ...map }, 'map.yaml'), model, cell, 'it')
const said = (read: () => unknown): string => {
  try {
    read()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing'
}
const inputs = {
  'observation.images.front': { as: 'image', from: 'rgb', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  'observation.state': {
    as: 'vector',
    from: ['tool', 'gripper'],
    unit: ['m', 'm', 'm', '', '', '', '', 'mm'],
    mean: [0.1, 0.2, 0.3, 0, 0, 0, 0.5, 40],
    std: [0.2, 0.3, 0.4, 1, 1, 1, 0.1, 20],
  },
}

describe('a map with groups, names and scales', () => {
  const groups = [
    { name: 'arm', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool', mean: [0, 0, 0.1, 0], std: 0.01 },
    { name: 'gripper', kind: 'gripper', channels: ['opening', 'effort'], unit: '%', min: [0, 0], max: [100, 200] },
  ]

  test('gives a contract of version 2 in SI units, with the names of the graph', () => {
    const { version, outputs } = contract({ inputs, outputs: { action_chunk: { tensor: 'action', rate: 30, groups } } })
    expect(version).toBe(2)
    expect(outputs.action_chunk).toMatchObject({
      tensor: 'action',
      shape: [1, 4, 6],
      rate: 30,
      groups: [
        { name: 'arm', scale: 0.01, bias: [0, 0, 0.1, 0] },
        { name: 'gripper', scale: [0.5, 100], bias: [0.5, 100] },
      ],
    })
  })

  test('degrees of joints become radians, with their limits', () => {
    const map = parseModelMap(
      `name: m
inputs: {}
outputs:
  action_chunk:
    rate: 30
    groups:
      - { name: arm, kind: joint_position, joints: [a, b], unit: deg, mean: [10, 20], std: [2, 3],
          limits: [[-90, 90], [0, 180]] }
`,
      'map.yaml',
    )
    const [group] = map.outputs.action_chunk.groups ?? []
    const degree = Math.PI / 180
    expect(group).toMatchObject({ unit: 'rad', joints: ['a', 'b'] })
    expect(group.scale).toEqual([2 * degree, 3 * degree].map(each => expect.closeTo(each, 12) as number))
    expect(group.bias).toEqual([10 * degree, 20 * degree].map(each => expect.closeTo(each, 12) as number))
    expect(group.limits?.flat()).toEqual(
      [-Math.PI / 2, Math.PI / 2, 0, Math.PI].map(each => expect.closeTo(each, 12) as number),
    )
  })

  test.each([
    [
      ['width', 'effort'],
      'mm',
      { scale: [0.001, 1] },
      [
        [0, 0.085],
        [0, 100],
      ],
    ],
    [
      ['effort', 'width'],
      'mm',
      { scale: [1, 0.001] },
      [
        [0, 85],
        [0, 0.1],
      ],
    ],
    [
      ['opening', 'effort'],
      '%',
      { scale: [0.01, 1] },
      [
        [0, 0.85],
        [0, 100],
      ],
    ],
    [
      ['width', 'effort'],
      'N',
      {},
      [
        [0, 85],
        [0, 100],
      ],
    ],
  ])('of a gripper with %j only the columns of its unit %s are converted', (channels, unit, scaling, limits) => {
    const group = {
      name: 'g',
      kind: 'gripper',
      channels,
      unit,
      limits: [
        [0, 85],
        [0, 100],
      ],
    }
    const outputs = { action_chunk: { rate: 1, groups: [group] } }
    const [read] = checkModelMap({ name: 'm', inputs: {}, outputs }, 'map.yaml').outputs.action_chunk.groups ?? []
    expect(read).toEqual({ name: 'g', kind: 'gripper', channels, ...scaling, limits })
  })

  test.each([
    [['width'], 'deg', /groups\.0: unit 'deg' is of none of its columns: width \(m\)/],
    [['opening', 'effort'], 'mm', /unit 'mm' is of none of its columns: opening \(no unit\), effort \(N\)/],
    [['width', 'effort'], 'mm', /scale has 3 entries, the group has 2 columns/, [1, 2, 3]],
    [['grip'], 'mm', /groups\.0\.channels\.0: expected "width" or/],
  ])('a gripper with %j and the unit %s is refused', (channels, unit, says, scale?: number[]) => {
    const group = { name: 'g', kind: 'gripper', channels, unit, scale }
    const outputs = { action_chunk: { rate: 1, groups: [group] } }
    const message = said(() => checkModelMap({ name: 'm', inputs: {}, outputs }, 'map.yaml'))
    expect(message).toMatch(says)
    expect(message).not.toContain('\n')
  })

  test('inputs get what the definition of the normalisation says, one by one', () => {
    const its = contract({ inputs, outputs: { action_chunk: { tensor: 'action', rate: 30, groups } } })
    const values = fullValues()
    const tensors = new Features(its, cell).fill(observation(values))
    const { data } = values.rgb as { data: Uint8Array }
    const picture = tensors['observation.images.front'] as Float32Array
    const { mean, std } = inputs['observation.images.front']
    for (let c = 0; c < 3; c++)
      for (let i = 0; i < 48; i++)
        expect(picture[c * 48 + i]).toBeCloseTo((data[3 * i + c] / 255 - mean[c]) / std[c], 5)
    const state = inputs['observation.state']
    const si = [0.1, 0.2, 0.3, 0, 0, 0.6, 0.8, 0.085]
    expect([...(tensors['observation.state'] as Float32Array)]).toEqual(
      si.map((x, i) => expect.closeTo(((i === 7 ? x * 1000 : x) - state.mean[i]) / state.std[i], 5) as number),
    )
  })

  test('values of a vector beyond its limits, in its units, are brought to them before they are scaled', () => {
    const state = inputs['observation.state']
    const limits = [[-0.05, 0.05], null, null, null, null, null, null, [0, 50]]
    const outputs = { action_chunk: { tensor: 'action', rate: 30, groups } }
    const its = contract({ inputs: { ...inputs, 'observation.state': { ...state, limits } }, outputs })
    expect(its.inputs['observation.state']).toMatchObject({
      limits: [[-0.05, 0.05], null, null, null, null, null, null, [0, 0.05]],
    })
    const tensors = new Features(its, cell).fill(observation(fullValues()))
    const kept = [0.05, 0.2, 0.3, 0, 0, 0.6, 0.8, 50]
    expect([...(tensors['observation.state'] as Float32Array)]).toEqual(
      kept.map((x, i) => expect.closeTo((x - state.mean[i]) / state.std[i], 5) as number),
    )
    const plain = { as: 'vector', from: ['tool', 'gripper'] }
    const front = { as: 'image', from: 'rgb' }
    const limited = (change: object) => () =>
      contract({ inputs: { 'observation.images.front': front, 'observation.state': plain, ...change }, outputs })
    expect(limited({})().inputs['observation.state']).not.toHaveProperty('limits')
    expect(limited({ 'observation.state': { ...plain, limits } })().version).toBe(2)
    expect(limited({ 'observation.state': { ...plain, limits: [[0, 1]] } })).toThrow(
      /inputs\.observation\.state: limits has 1 entries, the vector 8 values/,
    )
    expect(limited({ 'observation.state': { ...plain, limits: [[1, 0]] } })).toThrow(
      /observation\.state\.limits\.0: the first is not below the second/,
    )
    expect(limited({ 'observation.images.front': { ...front, limits: [[0, 1]] } })).toThrow(/'limits': no such/)
  })

  test('a name alone needs no groups: the six channels become groups', () => {
    const plain = {
      'observation.images.front': { as: 'image', from: 'rgb' },
      'observation.state': { as: 'vector', from: ['tool', 'gripper'] },
    }
    const { version, outputs } = contract({ inputs: plain, outputs: { action_chunk: { tensor: 'action', rate: 30 } } })
    expect(version).toBe(2)
    expect(outputs.action_chunk).toMatchObject({ groups: [{ name: 'arm', kind: 'pose' }, { name: 'gripper' }] })
  })

  test.each([
    [{ mean: [1, 2] }, /groups\.0: mean without std/],
    [{ mean: [1, 2], std: [1, 2], min: 0, max: 1 }, /either mean and std, or min and max/],
    [{ mean: [1, 2], std: [1, 2, 3] }, /mean has 2 numbers, std 3/],
    [{ std: [1, 0], mean: 0 }, /std: has a 0, by which is divided/],
    [{ min: [1, 2], max: [3, 2] }, /min and max are both 2 \(value 1\)/],
    [{ unit: 'degrees' }, /'degrees': no such unit, (did you mean|known)/],
    [{ unit: 'mm/s' }, /groups\.0\.unit: expected "rad" or "m", got "m\/s"/],
    [{ scale: [1, 2, 3] }, /scale has 3 entries, the group has 2 columns/],
    [{ joints: [], scale: 'x' }, /scale: expected a number, or one for each value/],
  ])('refuses a group with %o', (change, says) => {
    const group = { name: 'arm', kind: 'joint_position', joints: ['a', 'b'], ...change }
    const message = said(() =>
      checkModelMap({ name: 'm', inputs: {}, outputs: { action_chunk: { rate: 1, groups: [group] } } }, 'map.yaml'),
    )
    expect(message).toMatch(says)
    expect(message).not.toContain('\n')
  })

  test('refuses names and scales that do not fit, all at once', () => {
    const wrong = {
      'observation.images.front': { as: 'image', from: 'rgb', scale: [1, 2] },
      'observation.state': { as: 'vector', from: ['tool', 'gripper'], bias: [1, 2, 3] },
    }
    const chunk = { tensor: 'action', rate: 30, groups }
    const message = said(() =>
      contract({ inputs: wrong, outputs: { action_chunk: chunk, latent: { tensor: 'action' } } }),
    )
    expect(message).toMatch(/inputs\.observation\.images\.front: scale has 2 numbers: write one, or 3 or 144/)
    expect(message).toMatch(/inputs\.observation\.state: bias has 3 numbers: write one, or 8/)
    expect(message).toMatch(/outputs\.latent\.tensor: 'action' is action_chunk already/)
    expect(said(() => contract({ inputs, outputs: { action_chunk: { ...chunk, tensor: 'actions' } } }))).toMatch(
      /output action_chunk \(tensor actions\): in the map, not in the graph \(it has action\)/,
    )
  })
})
