import { afterAll, describe, expect, test } from 'vitest'
import type { Observation, StreamValue } from '../../fusion/observation.js'
import { CONTRACT_KEY, parseContract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { History as Ticks } from '../../policy/features/history.js'
import type { TensorData } from '../../policy/features/tensors.js'
import { OnnxPolicy } from '../../policy/runtime/onnx-policy.js'
import { parseRobot } from '../../robots/robot-file.js'
import { random } from '../fusion/robots.js'
import { cell, fullValues, observation, onnxBytes, robotText, Scratch, version2Json } from './onnx-models.js'

const MS = 1_000_000
const scratch = new Scratch()
afterAll(() => scratch.remove())

/** The inputs without a history. */
const PLAIN: Record<string, { dtype: string; shape: number[]; as: string; from: string[]; per_event?: number }> = {
  image: { dtype: 'float32', shape: [1, 3, 3, 4], as: 'image', from: ['rgb'] },
  small: { dtype: 'float16', shape: [1, 3, 3, 4], as: 'image', from: ['rgb'] },
  depth: { dtype: 'float32', shape: [1, 1, 3, 4], as: 'depth', from: ['depth'] },
  state: { dtype: 'float32', shape: [1, 8], as: 'vector', from: ['tool', 'gripper'] },
  wrench: { dtype: 'float64', shape: [1, 6], as: 'window', from: ['wrench'] },
  pyramid: { dtype: 'float32', shape: [1, 6, 24], as: 'pyramid', from: ['wrench'] },
  words: { dtype: 'int32', shape: [1, 16], as: 'tokens', from: ['voice'], per_event: 8 },
  ages: { dtype: 'float32', shape: [1, 2], as: 'ages', from: ['voice'] },
  mask: { dtype: 'bool', shape: [1, 2], as: 'mask', from: ['rgb', 'wrench'] },
}

type History = { readonly ticks: number } | { readonly samples: number; readonly rate: number }

const lengthOf = (history: History): number => ('ticks' in history ? history.ticks : history.samples)

function featuresWith(history?: History, robot = cell): Features {
  const length = history && lengthOf(history)
  const inputs = Object.fromEntries(
    Object.entries(PLAIN).map(
      ([
        name,
        {
          shape: [batch, ...rest],
          ...more
        },
      ]) => [
        name,
        { ...more, shape: [batch, ...(length === undefined ? [] : [length]), ...rest], ...(history && { history }) },
      ],
    ),
  )
  const padding = { dtype: 'bool', shape: [1, length], as: 'padding', history }
  return new Features(parseContract(version2Json(robot, { ...inputs, ...(history && { padding }) }), 'test'), robot)
}

/** Observations with jitter, missing streams, two episodes and a jump of time. */
function observations(): Observation[] {
  const rand = random(5)
  const all: Observation[] = []
  let stamp = 1e9
  for (let index = 0; index < 60; index++) {
    stamp += Math.round((33 + 4 * rand()) * MS)
    if (index === 40) stamp -= 20e9
    const values: Record<string, StreamValue | undefined> = fullValues()
    const { rgb, wrench } = fullValues()
    if (rgb?.kind === 'image') values['rgb'] = { ...rgb, data: rgb.data.map(value => (value * (index + 1)) % 256) }
    if (wrench?.kind === 'window') values['wrench'] = { ...wrench, mean: wrench.mean.map(value => value + index / 7) }
    values['gripper'] = { kind: 'vector', data: Float64Array.of(index) }
    if (rand() < 0.2) values['rgb'] = undefined
    if (rand() < 0.2) values['wrench'] = undefined
    all.push({ ...observation(values, stamp), index, episode: index < 17 ? 0 : index < 40 ? 1 : 2 })
  }
  return all
}

const numbers = (values: TensorData | undefined): (number | bigint)[] => [...(values ?? [])]

/** The histories by their definition: from all values that were made, those of the same episode. */
function expected(
  seen: readonly Observation[],
  made: readonly Readonly<Record<string, (number | bigint)[]>>[],
  history: History,
): Record<string, (number | bigint)[]> {
  const now = seen.at(-1)!
  const mine = seen.flatMap((each, i) => (each.episode === now.episode ? [{ stamp: each.stamp, made: made[i] }] : []))
  const length = lengthOf(history)
  const chosen = Array.from({ length }, (_, k) => {
    const back = length - 1 - k
    if ('ticks' in history) return { at: Math.max(0, mine.length - 1 - back), padded: mine.length - 1 - back < 0 }
    const time = now.stamp - (back * 1e9) / history.rate
    const distances = mine.map(({ stamp }) => Math.abs(stamp - time))
    return { at: distances.indexOf(Math.min(...distances)), padded: time < mine[0].stamp - 5e8 / history.rate }
  })
  return Object.fromEntries<(number | bigint)[]>([
    ...Object.keys(PLAIN).map((name): [string, (number | bigint)[]] => [
      name,
      chosen.flatMap(({ at }) => mine[at].made[name]),
    ]),
    ['padding', chosen.map(({ padded }) => (padded ? 1 : 0))],
  ])
}

const HISTORIES: History[] = [
  { ticks: 2 },
  { ticks: 7 },
  { samples: 4, rate: 15 },
  { samples: 5, rate: 3 },
  { samples: 3, rate: 100 },
]

describe('a history', () => {
  test.each(HISTORIES)('%o is what its definition says, of every kind, over episodes and a jump of time', history => {
    const plain = featuresWith()
    const features = featuresWith(history)
    const seen = observations()
    const made = seen.map(each => {
      const tensors = plain.fill(each)
      return Object.fromEntries(Object.keys(PLAIN).map(name => [name, numbers(tensors[name])]))
    })
    seen.forEach((each, i) => {
      const tensors = features.fill(each)
      const want = expected(seen.slice(0, i + 1), made, history)
      for (const name of Object.keys(want)) expect(numbers(tensors[name]), `${name} at ${i}`).toEqual(want[name])
    })
  })

  test.each(HISTORIES)('%o is the same where some ticks were observed without an answer', history => {
    const [all, some] = [featuresWith(history), featuresWith(history)]
    observations().forEach((each, i) => {
      const want = all.fill(each)
      if (i % 3 === 1) return some.observe(each)
      const got = some.fill(each)
      for (const name of Object.keys(want)) expect(numbers(got[name]), `${name} at ${i}`).toEqual(numbers(want[name]))
      return undefined
    })
  })

  test('begins anew with the observations of another aligner, which count from 0 again', () => {
    const features = featuresWith({ ticks: 3 })
    const seen = observations().slice(0, 3)
    seen.forEach(each => features.fill(each))
    expect(numbers(features.fill(seen[0])['padding'])).toEqual([1, 1, 0])
  })

  test('goes on where one observation is filled in again and again', () => {
    const features = featuresWith({ ticks: 3 })
    const reused = { ...observations()[0] }
    features.fill(reused)
    Object.assign(reused, { index: reused.index + 1, stamp: reused.stamp + 33 * MS })
    expect(numbers(features.fill(reused)['padding'])).toEqual([1, 0, 0])
  })

  test('of a tick that was refused holds nothing of it', () => {
    const features = featuresWith({ ticks: 2 })
    const [first, second, third] = observations()
    features.fill(first)
    const wrong = {
      ...second,
      values: new Map(second.values).set('gripper', { kind: 'vector', data: new Float64Array(3) }),
    }
    expect(() => features.fill(wrong as Observation)).toThrow('stream gripper has 3 values')
    expect(numbers(features.fill(third)['state'])).toEqual([
      ...numbers(featuresWith().fill(first)['state']),
      ...numbers(featuresWith().fill(third)['state']),
    ])
  })
})

describe('the histories of a model', () => {
  test('have every tick in the order of the calls, while it runs and before', async () => {
    const json = version2Json(
      cell,
      { width: { dtype: 'float32', shape: [1, 4, 1], as: 'vector', from: ['gripper'], history: { ticks: 4 } } },
      { latent: { dtype: 'float32', shape: [1, 4] } },
    )
    const path = scratch.file(
      'history.onnx',
      onnxBytes({
        inputs: [{ name: 'width', dtype: 'float32', shape: [1, 4, 1] }],
        outputs: [
          { name: 'action_chunk', dtype: 'float32', shape: [1, 1, 2] },
          { name: 'latent', dtype: 'float32', shape: [1, 4] },
        ],
        initialisers: [
          { name: 'flat', shape: [2], data: BigInt64Array.of(1n, 4n) },
          { name: 'row', shape: [1, 1, 2], data: new Float32Array(2) },
        ],
        nodes: [
          { op: 'Reshape', inputs: ['width', 'flat'], outputs: ['latent'] },
          { op: 'Identity', inputs: ['row'], outputs: ['action_chunk'] },
        ],
        metadata: { [CONTRACT_KEY]: JSON.stringify(json) },
      }),
    )
    const policy = await OnnxPolicy.load(path, cell)
    const at = (index: number): Observation => ({
      ...observation({ gripper: { kind: 'vector', data: Float64Array.of(index) } }, 1e9 + index * 33 * MS),
      index,
    })
    const latent = async (index: number) => [...((await policy.infer(at(index))).latent ?? [])]
    const [first, second] = [latent(1), latent(2)]
    // The first is not yet in the tensors: this one waits for it.
    const observed = [policy.observe(at(3)), policy.observe(at(4))]
    expect(await first).toEqual([1, 1, 1, 1])
    const third = latent(5)
    const last = policy.observe(at(6))
    expect(await second).toEqual([1, 1, 1, 2])
    expect(await third).toEqual([2, 3, 4, 5])
    await Promise.all([...observed, last])
    const fourth = latent(7)
    await Promise.resolve()
    await policy.observe(at(8))
    expect(await fourth).toEqual([4, 5, 6, 7])
    expect(await latent(9)).toEqual([6, 7, 8, 9])
    await policy.close()
    await expect(policy.observe(at(10))).rejects.toMatchObject({ code: 'POLICY_CLOSED' })
  })
})

describe('a history that cannot be had is refused in one line', () => {
  const vector = { dtype: 'float32', as: 'vector', from: ['gripper'] }
  const contract = (input: object, robot = cell) =>
    parseContract(version2Json(robot, { x: { ...vector, ...input } }), 'm.onnx')
  test.each([
    [{ shape: [1, 1], history: { ticks: 1 } }, 'inputs.x.history.ticks: a history has at least 2 values'],
    [
      { shape: [1, 9999, 1], history: { ticks: 9999 } },
      'inputs.x.history.ticks: a history has at most 4096 values, not 9999',
    ],
    [
      { shape: [1, 2, 1], history: { samples: 2 } },
      'inputs.x.history: expected { ticks: N } or { samples: N, rate: HZ }',
    ],
    [
      { shape: [1, 2, 1], history: { ticks: 2, rate: 3 } },
      'inputs.x.history: expected { ticks: N } or { samples: N, rate: HZ }',
    ],
    [
      { shape: [1, 701, 1], history: { samples: 701, rate: 1 } },
      'inputs.x.history: 701 values at 1 Hz reach 700 s back; a history reaches at most 600 s back',
    ],
    [
      { shape: [1, 1], history: { ticks: 3 } },
      'inputs.x: vector with a history of 3 has the shape [1, 3, P], not [1, 1]',
    ],
    [
      { shape: [1, 4, 1], history: { ticks: 3 } },
      'inputs.x: vector with a history of 3 has the shape [1, 3, P], not [1, 4, 1]',
    ],
  ])('%o', (input, message) => {
    expect(() => contract(input)).toThrow(`m.onnx: not a policy contract: ${message}`)
  })

  test('in version 1 of the contract', () => {
    const json = { ...version2Json(cell, { x: { ...vector, shape: [1, 2, 1], history: { ticks: 2 } } }), version: 1 }
    expect(() => parseContract(json, 'm.onnx')).toThrow("inputs.x: 'history': no such key here")
  })

  test('of more ticks than are kept, where the robot file has a period, when the policy is loaded', () => {
    const fast = parseRobot(robotText.replace(/tick: .*/, 'tick: { period: 1 ms }'), 'fast.yaml')
    const input = { shape: [1, 11, 1], history: { samples: 11, rate: 1 } }
    expect(() => new Features(contract(input, fast), fast)).toThrow(
      'input x: a history of 11 values needs 10002 ticks of the robot file, and 4096 are kept: shorten it',
    )
  })

  test('of more ticks than are kept, where ticks come with a stream, at the tick that shows it', () => {
    const features = new Features(contract({ shape: [1, 11, 1], history: { samples: 11, rate: 1 } }), cell)
    const at = (index: number) => ({ ...observation(fullValues(), 1e9 + index * MS), index })
    for (let index = 0; index < 4096; index++) features.observe(at(index))
    expect(() => features.observe(at(4096))).toThrow(
      'input x: its history needs 4097 ticks of 4 bytes; at most 4096 ticks and 512 MiB are kept: shorten it',
    )
  })

  test('of more ticks than are kept, and the tick enters no other history either', () => {
    const inputs = {
      few: { ...vector, shape: [1, 3, 1], history: { ticks: 3 } },
      many: { ...vector, shape: [1, 11, 1], history: { samples: 11, rate: 1 } },
    }
    const features = new Features(parseContract(version2Json(cell, inputs), 'm.onnx'), cell)
    const at = (index: number, stamp = 1e9 + index * MS) => ({
      ...observation({ gripper: { kind: 'vector', data: Float64Array.of(index) } }, stamp),
      index,
    })
    for (let index = 0; index < 4096; index++) features.observe(at(index))
    for (const index of [4096, 4097]) expect(() => features.observe(at(index))).toThrow('input many: its history needs')
    expect(numbers(features.fill(at(4098, 60e9))['few'])).toEqual([4094, 4095, 4098])
  })

  test('of more ticks than are kept, and the arrays that it has are used again', () => {
    let made = 0
    const ticks = new Ticks({ samples: 11, rate: 1 }, () => Float32Array.of(made++))
    ticks.push(0)
    ticks.clear()
    for (let index = 0; index < 4096; index++) ticks.push(index * MS)
    for (const index of [4096, 4097, 4098]) expect(() => ticks.push(index * MS)).toThrow('needs 4097 ticks')
    ticks.push(60e9)
    expect(made).toBe(4096)
  })
})
