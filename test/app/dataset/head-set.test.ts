import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportBags } from '../../../app/dataset/export-bags.js'
import { BagWriter } from '../../../middleware/bag/bag-writer.js'
import { chunkMessage } from '../../../nodes/chunk-message.js'
import { parseRobot } from '../../../robots/robot-file.js'
import { MS } from '../../fusion/robots.js'

const folder = mkdtempSync(join(tmpdir(), 'prehend-head-set-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const robot = parseRobot(
  `robot: arm
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image, align: nearest }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 20 ms } }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.pan] }
reset: { topic: /episode }
actions:
  arm: { topic: /arm/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [pan], state: joints }
limits: { joints: { pan: { position: [-9 rad, 9 rad], velocity: 1 rad/s } } }
`,
  'arm.yaml',
)
const EPOCH = 1_700_000_000
const GROUP = { name: 'arm', kind: 'joint_position', joints: ['pan'] }
/** As a person writes it before there is an encoder. */
const head = {
  version: 2,
  tick: { period: 0.01 },
  inputs: {
    latent: { as: 'feature', output: 'latent', dtype: 'float32', shape: [1, 8] },
    felt: { as: 'window', from: ['wrench'], dtype: 'float32', shape: [1, 6] },
  },
  outputs: { action_chunk: { dtype: 'float32', shape: [1, 3, 1], rate: 100, groups: [GROUP] } },
}
/** ms: of the recording, and of its two episodes. */
const LENGTH = 1500
const EPISODES = [
  [200, 700],
  [800, 1400],
] as const
const STEP = 2
/** When the command j is received, ms. */
const commandAt = (j: number): number => 10 * j + 3

interface Contents {
  readonly chunks: boolean
  /** ms until which pictures come. Default: all the time. */
  readonly pictures?: number
}

async function recording(name: string, { chunks, pictures = LENGTH }: Contents): Promise<string> {
  const path = join(folder, `${name}.mcap`)
  const writer = new BagWriter(path, { epochSec: EPOCH, metadata: { robot: robot.canonical } })
  const all: [at: number, write: (receive: number) => void][] = []
  for (const [from, to] of EPISODES) {
    all.push([from, at => writer.write('/episode', 'std_msgs/msg/String', { data: '{}' }, at)])
    const data = JSON.stringify({ index: 0, success: true })
    all.push([to, at => writer.write('/episode/result', 'std_msgs/msg/String', { data }, at)])
  }
  for (let ms = 0; ms < LENGTH; ms += STEP)
    all.push([
      ms + 0.5,
      at => {
        const wrench = Float64Array.of(0, 0, ms, 0, 0, 0)
        writer.write('/wrench', 'geometry_msgs/msg/WrenchStamped', { stamp: ms * MS, frameId: '', wrench }, at)
      },
    ])
  for (let j = 0; commandAt(j) < LENGTH; j++)
    all.push([
      commandAt(j),
      at => {
        const command = { dimensions: [], dataOffset: 0, data: Float64Array.of(j / 100) }
        writer.write('/arm/commands', 'std_msgs/msg/Float64MultiArray', command, at)
      },
    ])
  // Pictures at 30 Hz, 7 ms late, and an expert that answers each of them.
  for (let k = 0; k < (pictures * 30) / 1000; k++) {
    const stamp = Math.round((k * 1e9) / 30)
    all.push([
      stamp / MS + 7,
      at => {
        const picture = { width: 1, height: 1, isBigendian: false, encoding: 'rgb8', step: 3, data: new Uint8Array(3) }
        writer.write('/top/image_raw', 'sensor_msgs/msg/Image', { stamp, frameId: '', ...picture }, at)
        if (!chunks) return
        const answer = { stamp, rate: 100, data: new Float32Array(3), origin: new Float64Array(0) }
        const groups = [{ ...GROUP, counts: 'absolute' as const }]
        const message = chunkMessage({ ...answer, groups, gate: undefined, graspSuccess: undefined }, '')
        writer.write('/expert/action_chunk', 'prehend_interfaces/msg/ActionChunk', message, at)
        const none = new Float64Array(0)
        const labels = { stamp, frameId: '', name: ['x'], position: Float64Array.of(1), velocity: none, effort: none }
        writer.write('/expert/aux', 'sensor_msgs/msg/JointState', labels, at)
      },
    ])
  }
  for (const [at, write] of all.toSorted(([a], [b]) => a - b)) write(Math.round(at * MS))
  await writer.close()
  return path
}

function exported(bag: string, contract: object, more: object = {}) {
  const path = join(folder, 'contract.json')
  const vocabulary = join(folder, 'words.json')
  writeFileSync(path, JSON.stringify(contract))
  writeFileSync(vocabulary, '[]')
  const options = { out: join(folder, 'set'), format: 'numpy', contract: path, vocabulary, overwrite: true, ...more }
  return exportBags([bag], options as never, () => undefined)
}

/** The rows of an array of a set. */
function rowsOf(bag: string, name: string): number[][] {
  const bytes = readFileSync(join(folder, 'set', bag, `${name}.npy`))
  const header = bytes.toString('latin1', 10, 128)
  const [rows = 0, ...shape] = /'shape': \(([^)]*)\)/.exec(header)![1]!.split(',').filter(Boolean).map(Number)
  const types = { '<i4': Int32Array, '<i8': BigInt64Array, '<f4': Float32Array }
  const type = types[/'descr': '([^']*)'/.exec(header)![1] as keyof typeof types]
  const data = new type(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length))
  const width = shape.reduce((a, b) => a * b, 1)
  // Stamps are counted from the epoch, so that they are exact.
  const values = Array.from<bigint | number, number>(data, each =>
    typeof each === 'bigint' ? Number(each - BigInt(EPOCH) * 1_000_000_000n) : each,
  )
  return Array.from({ length: rows }, (_, i) => values.slice(i * width, (i + 1) * width))
}

let commands = ''
beforeAll(async () => {
  commands = await recording('commands', { chunks: false })
})

test('a set for a head has a row for each of its ticks, with its own inputs and the commands that follow', async () => {
  const { result } = await exported(commands, head, { actions: ['/arm/commands'] })
  expect(result.episodes).toBe(2)
  const stamps = rowsOf('commands', 'stamp').flat()
  expect(stamps).toHaveLength(result.observations)
  expect(existsSync(join(folder, 'set/commands/latent.npy'))).toBe(false)
  const [felt, chunk] = [rowsOf('commands', 'felt'), rowsOf('commands', 'action_chunk')]
  for (const [from, to] of EPISODES) {
    const rows = stamps.flatMap((stamp, i) => (stamp >= from * MS && stamp < to * MS ? [{ ms: stamp / MS, i }] : []))
    // The last tick has no next one.
    expect(rows.length).toBeGreaterThan((to - from) / 10 - 4)
    rows.forEach(({ ms, i }, at) => {
      if (at > 0) expect(ms).toBe(rows[at - 1]!.ms + 10)
      const samples = Array.from({ length: LENGTH / STEP }, (_, k) => k * STEP).filter(
        each => each > ms - 20 && each <= ms && each >= from,
      )
      expect(felt[i]![2]).toBeCloseTo(samples.reduce((sum, each) => sum + each, 0) / samples.length, 4)
      // Row r is the command in force r + 1 ticks later. The last action holds.
      chunk[i]!.forEach((value, r) => {
        const { ms: then } = rows[Math.min(at + r, rows.length - 1)]!
        const j = Math.floor((then + 10 - 3) / 10)
        expect(value).toBeCloseTo(j / 100, 5)
      })
    })
  }
})

test('a set of reference ticks has the stamps of the pictures, which join it with that of a head', async () => {
  const { tick: _tick, inputs, outputs } = head
  const eyes = { mask: { as: 'mask', from: ['top'], dtype: 'float32', shape: [1, 1] }, felt: inputs.felt }
  const slow = { action_chunk: { ...outputs.action_chunk, rate: 30 } }
  await exported(commands, { version: 2, inputs: eyes, outputs: slow }, { actions: ['/arm/commands'] })
  const stamps = rowsOf('commands', 'stamp').flat()
  const pictures = new Set(Array.from({ length: 45 }, (_, k) => Math.round((k * 1e9) / 30)))
  expect(stamps.length).toBeGreaterThan(28)
  expect(stamps.filter(stamp => !pictures.has(stamp))).toEqual([])
})

test('episodes that were won have all their rows where no picture comes in them', async () => {
  const blind = await recording('blind', { chunks: false, pictures: EPISODES[0][0] / 2 })
  const all = await exported(blind, head, { actions: ['/arm/commands'] })
  expect(all.result.observations).toBeGreaterThan(100)
  const won = await exported(blind, head, { actions: ['/arm/commands'], onlyWon: true })
  expect(won.result).toMatchObject({ observations: all.result.observations, episodes: 2, passedOver: 0 })
})

test('a period of microseconds is that of its rate, and --rate has no place beside it', async () => {
  const { action_chunk } = head.outputs
  const sixty = { ...head, tick: { period: 0.016667 }, outputs: { action_chunk: { ...action_chunk, rate: 60 } } }
  const { result } = await exported(commands, sixty, { actions: ['/arm/commands'] })
  expect(result.observations).toBeGreaterThan(55)
  await expect(exported(commands, sixty, { actions: ['/arm/commands'], rate: 50 })).rejects.toThrow(
    /^--rate 50: the contract is of a head, and its `tick\.period` says when rows come: leave --rate out$/,
  )
})

test('answers to pictures, rows at another rate, and a tick without a feature are refused in one line', async () => {
  const chunks = await recording('chunks', { chunks: true })
  await expect(exported(chunks, head)).rejects.toThrow(
    /chunks\.mcap: the contract is of a head, and the expert answered at no tick of a head: say with --actions which/,
  )
  expect(existsSync(join(folder, 'set/chunks'))).toBe(false)
  // The commands are there beside them. The labels of the expert are of pictures too.
  const { result } = await exported(chunks, head, { actions: ['/arm/commands'] })
  expect(result.observations).toBeGreaterThan(100)
  expect(existsSync(join(folder, 'set/chunks/aux.npy'))).toBe(false)
  const slow = { action_chunk: { ...head.outputs.action_chunk, rate: 30 } }
  await expect(exported(commands, { ...head, outputs: slow }, { actions: ['/arm/commands'] })).rejects.toThrow(
    /its ticks come 100 times a second, the rows of the contract's chunk 30 times: make them equal/,
  )
  await expect(exported(commands, { ...head, inputs: { felt: head.inputs.felt } })).rejects.toThrow(
    /: tick: is for a head, and no input is a feature of an encoder/,
  )
})
