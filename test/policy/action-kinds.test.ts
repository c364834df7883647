import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { ChunkExecutor, EXECUTION_MODES, type Executable } from '../../control/chunk/chunk-executor.js'
import type { ActionGroup, ActionKind } from '../../policy/action/action-kind.js'
import { ACTION_KINDS } from '../../policy/action/action-kinds.js'
import { ChunkLayout } from '../../policy/action/chunk-layout.js'
import { scalar } from '../../policy/action/kinds/scalar.js'

const S = 1e9

type Matrix = readonly (readonly number[])[]
const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
]
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)))
const transpose = (a: Matrix): Matrix => a[0].map((_, j) => a.map(row => row[j]))
const apply = (a: Matrix, v: readonly number[]): number[] => a.map(row => row.reduce((sum, x, k) => sum + x * v[k], 0))

/** Rodrigues' formula: the rotation matrix of a rotation vector. */
function exp(v: readonly number[]): Matrix {
  const angle = Math.hypot(...v)
  if (angle === 0) return IDENTITY
  const [x, y, z] = v.map(value => value / angle)
  const c = Math.cos(angle)
  const s = Math.sin(angle)
  return [
    [c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
    [y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s],
    [z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)],
  ]
}

/** The rotation vector of a rotation matrix, for angles that are not close to half a turn. */
function log(r: Matrix): number[] {
  const angle = Math.acos(Math.min(1, Math.max(-1, (r[0][0] + r[1][1] + r[2][2] - 1) / 2)))
  const share = angle < 1e-6 ? 0.5 : angle / (2 * Math.sin(angle))
  return [r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]].map(value => value * share)
}

const quaternionOf = (v: readonly number[]): number[] => {
  const angle = Math.hypot(...v)
  return [...v.map(value => (angle === 0 ? 0 : (value / angle) * Math.sin(angle / 2))), Math.cos(angle / 2)]
}
const matrixOf = ([x, y, z, w]: readonly number[]): Matrix => [
  [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
  [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
  [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
]

/** How a rotation vector is written in each form. A scale shows that lengths do not matter. */
const WRITTEN: Readonly<Record<string, (v: readonly number[], scale: number) => number[]>> = {
  quaternion: (v, scale) => quaternionOf(v).map(value => value * scale),
  '6d': (v, scale) => {
    const [x, y] = transpose(exp(v))
    return [...x.map(value => value * scale), ...y.map((value, i) => value * scale + 0.3 * x[i])]
  },
  rotation_vector: v => [...v],
}

const place = fc.tuple(...(Array(3).fill(fc.double({ min: -0.5, max: 0.5, noNaN: true })) as fc.Arbitrary<number>[]))
/** At most 1.4 rad, so that two of them lie less than half a turn apart. */
const turn = fc.tuple(...(Array(3).fill(fc.double({ min: -0.8, max: 0.8, noNaN: true })) as fc.Arbitrary<number>[]))

function expectPose(out: Float64Array, at: readonly number[], rotation: Matrix): void {
  at.forEach((value, i) => expect(out[i]).toBeCloseTo(value, 5))
  matrixOf([...out.slice(3)]).forEach((row, i) =>
    row.forEach((value, j) => expect(value).toBeCloseTo(rotation[i][j], 5)),
  )
}

describe.each(Object.keys(WRITTEN))('a pose whose rotation is a %s', rotation => {
  it.each([
    ['absolute', 'base'],
    ['offset', 'tool'],
    ['offset', 'base'],
  ] as const)('that is %s in the frame %s goes on the manifold from row to row', (counts, frame) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(place, turn), { minLength: 2, maxLength: 4 }),
        fc.tuple(place, turn),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        (rows, [p0, v0], share, scale) => {
          const executor = new ChunkExecutor('receding_horizon')
          const group = { name: 'arm', kind: 'pose', counts, rotation, frame }
          const data = Float32Array.from(rows.flatMap(([p, v]) => [...p, ...WRITTEN[rotation](v, scale)]))
          const origin = Float64Array.of(...p0, ...quaternionOf(v0))
          expect(executor.push({ stamp: 0, rate: 10, data, origin, groups: [group] })).toBe(true)
          const place = share * rows.length
          executor.sample(place * 0.1 * S)
          const later = Math.min(rows.length - 1, Math.floor(place))
          const w = place - later
          const none: (typeof rows)[number] = [
            [0, 0, 0],
            [0, 0, 0],
          ]
          const before = later > 0 ? rows[later - 1] : counts === 'offset' ? none : rows[0]
          const d = before[0].map((value, i) => value + (rows[later][0][i] - value) * w)
          const from = exp(before[1])
          const between = product(from, exp(log(product(transpose(from), exp(rows[later][1]))).map(value => value * w)))
          const r0 = exp(v0)
          const moved = counts === 'absolute' ? d : (frame === 'tool' ? apply(r0, d) : d).map((x, i) => p0[i] + x)
          const turned =
            counts === 'absolute' ? between : frame === 'tool' ? product(r0, between) : product(between, r0)
          expectPose(executor.setPoint.groups[0], moved, turned)
        },
      ),
    )
  })
})

describe('a rotation of any angle', () => {
  const axis = fc.tuple(...(Array(3).fill(fc.double({ min: -1, max: 1, noNaN: true })) as fc.Arbitrary<number>[]))
  const angle = fc.oneof(fc.double({ min: 0, max: Math.PI, noNaN: true }), fc.constantFrom(Math.PI / 2, Math.PI))

  it.each(Object.keys(WRITTEN))('written as %s is read as what it is', rotation => {
    fc.assert(
      fc.property(axis, angle, fc.double({ min: 0.5, max: 2, noNaN: true }), (direction, turned, scale) => {
        const length = Math.hypot(...direction)
        fc.pre(length > 0.1)
        const v = direction.map(value => (value / length) * turned)
        const executor = new ChunkExecutor('receding_horizon')
        const data = Float32Array.from([0, 0, 0, ...WRITTEN[rotation](v, scale)])
        const group = { name: 'arm', kind: 'pose', rotation, frame: 'base' }
        expect(executor.push({ stamp: 0, rate: 10, data, origin: new Float64Array(0), groups: [group] })).toBe(true)
        executor.sample(0)
        expectPose(executor.setPoint.groups[0], [0, 0, 0], exp(v))
      }),
      { numRuns: 500 },
    )
  })
})

describe('joint positions', () => {
  const joints = ['pan', 'lift', 'roll']
  const positions = (options: Partial<ActionGroup>): ActionGroup => ({
    name: 'arm',
    kind: 'joint_position',
    joints,
    ...options,
  })
  const chunk = (rows: readonly (readonly number[])[], group: ActionGroup, more: Partial<Executable> = {}) => ({
    stamp: 0,
    rate: 10,
    data: Float32Array.from(rows.flat()),
    origin: new Float64Array(0),
    groups: [group],
    ...more,
  })

  it('are linear between rows; before the first row they are the first row', () => {
    const executor = new ChunkExecutor('receding_horizon')
    const rows = [
      [0, 1, 2],
      [1, 1, 0],
    ]
    executor.push(chunk(rows, positions({})))
    executor.sample(0.05 * S)
    expect([...executor.setPoint.groups[0]]).toEqual([0, 1, 2])
    executor.sample(0.15 * S)
    expect([...executor.setPoint.groups[0]]).toEqual([0.5, 1, 1])
  })

  it('that are offsets count from the origin, in the stretch before the first row too', () => {
    const executor = new ChunkExecutor('receding_horizon')
    executor.push(chunk([[1, 0, -1]], positions({ counts: 'offset' }), { origin: Float64Array.of(10, 20, 30) }))
    executor.sample(0.05 * S)
    expect([...executor.setPoint.groups[0]]).toEqual([10.5, 20, 29.5])
  })

  it('of a joint without an end take the shorter way round, also in a mean', () => {
    const executor = new ChunkExecutor('temporal_ensembling', { m: 0 })
    const group = positions({ continuous: ['roll'] })
    executor.push(
      chunk(
        [
          [3, 3, 3],
          [-3, -3, -3],
        ],
        group,
      ),
    )
    executor.sample(0.15 * S)
    const [pan, , roll] = executor.setPoint.groups[0]
    expect(pan).toBeCloseTo(0, 6)
    expect(Math.cos(roll)).toBeCloseTo(-1, 6)
    executor.push(chunk([[3, 3, -3]], group, { stamp: 0.01 * S }))
    executor.push(chunk([[3, 3, 3]], group, { stamp: 0.02 * S }))
    executor.sample(0.1 * S)
    expect(Math.cos(executor.setPoint.groups[0][2])).toBeLessThan(-0.98)
  })

  it('are averaged with the weights of temporal ensembling', () => {
    const executor = new ChunkExecutor('temporal_ensembling', { m: 0.5 })
    executor.push(chunk([[0, 0, 0]], positions({}), { stamp: 0 }))
    executor.push(chunk([[1, 2, 3]], positions({}), { stamp: 0.05 * S }))
    executor.sample(0.08 * S)
    // The older chunk is half a row older.
    const share = 1 / (1 + Math.exp(-0.25))
    executor.setPoint.groups[0].forEach((value, i) => expect(value).toBeCloseTo((i + 1) * share, 9))
  })
})

describe.each([...EXECUTION_MODES])('%s', mode => {
  const velocities: ActionGroup = { name: 'arm', kind: 'joint_velocity', joints: ['a'] }

  it('holds a velocity from the row before on, and ends it after the last row', () => {
    const executor = new ChunkExecutor(mode)
    const data = Float32Array.of(1, 2)
    executor.push({ stamp: 0, rate: 10, data, origin: new Float64Array(0), groups: [velocities] })
    const at = (t: number): number => {
      executor.sample(t * S)
      return executor.setPoint.groups[0][0]
    }
    expect([at(0), at(0.09), at(0.11), at(0.19), at(0.21)]).toEqual([1, 1, 2, 2, 0])
  })

  it('moves two arms, two grippers and a lift with one chunk', () => {
    const executor = new ChunkExecutor(mode)
    const groups: ActionGroup[] = [
      { name: 'left_arm', kind: 'joint_position', joints: ['l1', 'l2'] },
      { name: 'left_gripper', kind: 'gripper', channels: ['opening'] },
      { name: 'right_arm', kind: 'pose', counts: 'offset', rotation: '6d', frame: 'tool' },
      { name: 'right_gripper', kind: 'gripper', channels: ['width', 'effort'] },
      { name: 'lift', kind: 'scalar', unit: 'm' },
    ]
    const row = [1, 2, 0.5, 0.1, 0.2, 0.3, 1, 0, 0, 0, 1, 0, 0.04, 20, 0.7]
    expect(new ChunkLayout(groups).columns).toHaveLength(row.length)
    const origin = Float64Array.of(1, 1, 1, 0, 0, 0, 1)
    expect(executor.push({ stamp: 0, rate: 10, data: Float32Array.from(row), origin, groups })).toBe(true)
    executor.sample(0.1 * S)
    const expected = [[1, 2], [0.5], [1.1, 1.2, 1.3, 0, 0, 0, 1], [0.04, 20], [0.7]]
    executor.setPoint.groups.forEach((values, i) =>
      expected[i].forEach((value, k) => expect(values[k]).toBeCloseTo(value, 6)),
    )
  })

  it('refuses what cannot be carried out, and keeps the chunk before', () => {
    const executor = new ChunkExecutor(mode)
    const good = { stamp: 0, rate: 10, data: Float32Array.of(7), origin: new Float64Array(0), groups: [velocities] }
    executor.push(good)
    const quaternion: ActionGroup = { name: 'arm', kind: 'pose', rotation: 'quaternion', frame: 'base' }
    const offset: ActionGroup = { name: 'arm', kind: 'joint_position', joints: ['a'], counts: 'offset' }
    const bad: Partial<Executable>[] = [
      { groups: [{ name: 'arm', kind: 'no_such_kind' }] },
      { groups: [] },
      { groups: [quaternion], data: new Float32Array(7) },
      { groups: [{ ...quaternion, rotation: 'euler' }], data: new Float32Array(7) },
      { groups: [{ ...quaternion, rotation: '6d' }], data: Float32Array.of(0, 0, 0, 1, 0, 0, 2, 0, 0) },
      { groups: [offset] },
      { groups: [{ ...velocities, kind: 'joint_position', counts: 'relative' as never }] },
      { groups: [{ ...velocities, unit: 'deg' }] },
      { groups: [{ ...quaternion, rotation: 'yaw' }], data: new Float32Array(4) },
      { groups: [offset], origin: Float64Array.of(NaN) },
      { groups: [velocities, { ...velocities, name: 'other' }] },
      { data: Float32Array.of(NaN) },
    ]
    for (const [i, change] of bad.entries())
      expect(executor.push({ ...good, stamp: i + 1, ...change }), `case ${i}`).toBe(false)
    executor.sample(0)
    expect([...executor.setPoint.groups[0]]).toEqual([7])
  })

  it('begins anew with the first chunk of other groups', () => {
    const executor = new ChunkExecutor(mode)
    const chunk = { stamp: 0, rate: 10, data: Float32Array.of(7), origin: new Float64Array(0), groups: [velocities] }
    executor.push(chunk)
    const groups = [{ name: 'lift', kind: 'scalar', unit: 'm' }]
    executor.push({ ...chunk, stamp: 1, data: Float32Array.of(3), groups })
    executor.sample(0)
    expect(executor.layout.groups).toEqual(groups)
    expect([...executor.setPoint.groups[0]]).toEqual([3])
  })
})

describe('a kind from elsewhere', () => {
  afterEach(() => ACTION_KINDS.delete('brightness'))

  it('is carried out after one line, with no other change', () => {
    const brightness: ActionKind = { ...scalar, fields: {}, columns: () => [{ name: 'brightness', unit: 'lx' }] }
    const groups = [{ name: 'lamp', kind: 'brightness' }]
    const chunk = { stamp: 0, rate: 10, data: Float32Array.of(300), origin: new Float64Array(0), groups }
    const executor = new ChunkExecutor('temporal_ensembling')
    expect(executor.push(chunk)).toBe(false)
    ACTION_KINDS.set('brightness', brightness)
    expect(executor.push(chunk)).toBe(true)
    executor.sample(0)
    expect([...executor.setPoint.groups[0]]).toEqual([300])
    expect(executor.layout.columns).toEqual([{ name: 'brightness', unit: 'lx' }])
  })
})
