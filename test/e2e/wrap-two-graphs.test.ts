import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRobot } from '../../app/robot/load-robot.js'
import { openBag } from '../../middleware/bag/bag.js'
import { decode } from '../../middleware/cdr/codecs.js'
import { chunkTopic } from '../../nodes/fusion-node.js'
import { command, commandJson } from './command.js'
import type { Outcome } from './prehend.js'
import { onnxBytes, Scratch } from '../policy/onnx-models.js'
import { encoderContract, encoderModel, FELT, headContract, headModel, SCALE } from '../policy/two-graphs.js'

const CHUNK = 'prehend_interfaces/msg/ActionChunk'
const scratch = new Scratch()
afterAll(() => scratch.remove())
const robot = readRobot('cell')
const at = (name: string): string => join(scratch.path, name)

/** The graphs as they come from elsewhere: without a contract. */
const plainEncoder = scratch.file(
  'plain-encoder.onnx',
  onnxBytes({ ...encoderModel(encoderContract(robot)), metadata: {} }),
)
const plainHead = scratch.file('plain-head.onnx', onnxBytes({ ...headModel(headContract(robot, '')), metadata: {} }))

const ENCODER = {
  name: 'eyes',
  inputs: { picture: { as: 'image', from: 'rgb' }, pose: { as: 'vector', from: 'tool' } },
  features: { seen: { tensor: 'latent' } },
}
const HEAD = {
  name: 'hand',
  tick: { period: 0.01 } as object | undefined,
  inputs: {
    latent: { as: 'feature', output: 'seen' },
    felt: { as: 'window', from: 'wrench', history: { ticks: FELT } },
  } as Record<string, object>,
  outputs: {
    action_chunk: {
      rate: 10,
      groups: [
        { name: 'arm', kind: 'pose', counts: 'offset', rotation: 'yaw', frame: 'tool', scale: SCALE },
        { name: 'gripper', kind: 'gripper', channels: ['width', 'effort'] },
      ],
    },
  },
}

const wrapping = (model: string, map: object, out: string, ...more: string[]): string[] => [
  'policy',
  'wrap',
  model,
  '--map',
  scratch.file('map.yaml', JSON.stringify(map)),
  '--out',
  at(out),
  '--overwrite',
  ...more,
]
const [encoder, head] = [at('encoder.onnx'), at('head.onnx')]
const POLICY = ['--policy', head, '--encoder', encoder]

beforeAll(async () => {
  await commandJson(wrapping(plainEncoder, ENCODER, 'encoder.onnx'))
  await commandJson(wrapping(plainHead, HEAD, 'head.onnx', '--encoder', encoder))
})

test('an encoder and a head are wrapped one after the other, each by its map', async () => {
  const [eyes, hand] = [await commandJson(['policy', 'info', encoder]), await commandJson(['policy', 'info', head])]
  expect(eyes).toMatchObject({
    name: 'eyes',
    contract: 2,
    inputs: encoderContract(robot).inputs,
    features: { seen: { dtype: 'float32', shape: [1, 2], tensor: 'latent' } },
  })
  expect(hand).toMatchObject({
    name: 'hand',
    contract: 2,
    tick: { period: 0.01 },
    encoder: { sha256: eyes['sha256'], max_age: 0.2 },
    inputs: { latent: { as: 'feature', output: 'seen', dtype: 'float32', shape: [1, 2] } },
  })
})

/** The chunks of a recording by their stamps. */
async function chunksIn(path: string): Promise<Map<number, object>> {
  const bag = await openBag(path)
  const chunks = new Map<number, object>()
  for await (const batch of bag.batches())
    for (const { topic, data } of batch) {
      if (topic !== chunkTopic(robot)) continue
      const { stamp, featureStamp, data: rows, origins } = decode(CHUNK, data, bag.epochSec)
      chunks.set(stamp, { featureStamp, rows, origins })
    }
  await bag.close()
  return chunks
}

test('a wrapped pair runs in lockstep, and a replay gives its observations and its chunks', async () => {
  const recording = at('run.mcap')
  const run = await commandJson(
    ['run', '--lockstep', ...POLICY, '--episodes', '1', '--seed', '3', '--at-most', '800 ms', '--record', recording],
    [0, 1],
  )
  const fast = run['fast'] as { observations: number; sha256: string; unfed: number }
  expect(fast.observations).toBeGreaterThan(10)
  expect([run['chunks'], fast.unfed]).toEqual([fast.observations, 0])
  const out = at('replayed.mcap')
  const replay = await commandJson(['replay', recording, ...POLICY, '--rate', 'max', '--out', out])
  expect(replay).toMatchObject({
    sha256: run['observationsSha256'],
    fast: { sha256: fast.sha256, asRecorded: run['chunks'] },
  })
  const recorded = await chunksIn(recording)
  expect(recorded.size).toBe(run['chunks'])
  expect(await chunksIn(out)).toEqual(recorded)
}, 180_000)

describe('refused in one line, with all that does not fit, and nothing is written:', () => {
  function expectRefused({ status, stdout, stderr }: Outcome, ...says: (string | RegExp)[]): void {
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr.trimEnd()).not.toContain('\n')
    for (const what of says) expect(stderr).toMatch(what)
  }
  const without = <T extends object>(map: T, ...keys: (keyof T)[]): object =>
    Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key as keyof T)))

  test.each<[string, object, readonly string[], readonly (string | RegExp)[]]>([
    [
      'a head without its encoder, with another fault',
      { ...HEAD, inputs: { ...HEAD.inputs, felt: { as: 'window', from: 'glove', history: { ticks: FELT } } } },
      [],
      [/input latent: is a feature of an encoder: say --encoder FILE/, /the robot file has no stream glove/],
    ],
    ['a head without a tick', without(HEAD, 'tick'), ['--encoder', encoder], [/tick: is missing: input latent is/]],
    [
      'a feature that the encoder does not give',
      { ...HEAD, inputs: { ...HEAD.inputs, latent: { as: 'feature', output: 'heard' } } },
      ['--encoder', encoder],
      [/input latent: it gives no heard \(it has seen\)/],
    ],
    [
      'an encoder for a head without features',
      { ...HEAD, inputs: { ...HEAD.inputs, latent: { as: 'noise' } } },
      ['--encoder', encoder],
      [/is for a head, and no input is a feature of an encoder/],
    ],
    ['a model without a contract as the encoder', HEAD, ['--encoder', plainEncoder], [/has no policy contract/]],
    ['a head as the encoder', HEAD, ['--encoder', head], [/is no encoder/]],
    ['keys of both', { ...HEAD, features: { a: {} } }, [], [/'tick': no such|'outputs': no such/]],
  ])('%s', async (_what, map, more, says) => {
    expectRefused(await command(wrapping(plainHead, map, 'none.onnx', ...more)), ...says)
  })

  test.each<[string, object, readonly string[], readonly (string | RegExp)[]]>([
    [
      'features and streams that are not there',
      { ...ENCODER, inputs: { ...ENCODER.inputs, pose: { as: 'vector', from: 'hand' } }, features: { seen: {} } },
      [],
      [
        /feature seen: in the map, not in the graph \(it has latent\): say how the graph calls it \(seen: \{ tensor: NAME/,
        /input pose: the robot file has no stream hand/,
      ],
    ],
    ['no feature', { ...ENCODER, features: {} }, [], [/features: expected at least one feature/]],
    ['an encoder of an encoder', ENCODER, ['--encoder', encoder], [/leave --encoder out/]],
    ['an encoder of a checkpoint', ENCODER, ['--checkpoint', 'folder'], [/and folder is of a policy: leave one out/]],
  ])('%s', async (_what, map, more, says) => {
    expectRefused(await command(wrapping(plainEncoder, map, 'none.onnx', ...more)), ...says)
  })
})
