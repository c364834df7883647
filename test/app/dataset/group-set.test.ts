import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { jointChannel } from '../../../app/dataset/actions/action.js'
import { exportBags } from '../../../app/dataset/export-bags.js'
import { groupArrays } from '../../../app/dataset/group-arrays.js'
import { BagWriter } from '../../../middleware/bag/bag-writer.js'
import { chunkMessage } from '../../../nodes/chunk-message.js'
import { parseContract } from '../../../policy/contract/contract.js'
import { parseRobot } from '../../../robots/robot-file.js'
import { MS } from '../../fusion/robots.js'

const folder = mkdtempSync(join(tmpdir(), 'prehend-group-set-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const robot = parseRobot(
  `robot: arm
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image }
  depth: { topic: /top/depth, type: sensor_msgs/msg/Image }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.pan, position.lift] }
  voice: { topic: /voice, type: prehend_interfaces/msg/VoiceEvent }
reset: { topic: /episode }
actions:
  arm: { topic: /arm/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [pan, lift], state: joints }
limits: { joints: { pan: { position: [-9 rad, 9 rad], velocity: 1 rad/s }, lift: { position: [-9 rad, 9 rad], velocity: 1 rad/s } } }
`,
  'arm.yaml',
)

const GROUP = { name: 'arm', kind: 'joint_position', joints: ['pan', 'lift'] }
const contract = {
  version: 2,
  inputs: {
    'images.top': { as: 'rgbd', from: ['top', 'depth'], dtype: 'float32', shape: [1, 4, 4, 6] },
    colour: { as: 'image', from: ['top'], dtype: 'uint8', shape: [1, 3, 4, 6] },
    state: { as: 'vector', from: ['joints'], dtype: 'float32', shape: [1, 2] },
    words: { as: 'tokens', from: ['voice'], dtype: 'int64', shape: [1, 6], per_event: 3 },
    ages: { as: 'ages', from: ['voice'], dtype: 'float32', shape: [1, 2] },
  },
  outputs: { action_chunk: { dtype: 'float32', shape: [1, 3, 2], rate: 30, groups: [GROUP] } },
}
const WORDS = ['<pad>', '<unk>', 'put', 'red']
const NONE = new Float64Array(0)
const JAW = [jointChannel('hand', 'jaw', 'position')]
/** Ticks of the two episodes of the recording, ms. */
const EPISODES = [
  [1000, 2000],
  [2200, 2900],
] as const

const at = (k: number): number => Math.round((k * 1e9) / 30)
const ticks = Array.from({ length: 100 }, (_, k) => at(k))
const within = (from: number, to: number): number[] =>
  ticks.filter(tick => tick >= from * MS && tick + 5 * MS < to * MS)
/** Tick k: the joints pan, lift, the command pan, lift, and the rows of the expert's chunk. */
const joints = (k: number): number[] => [k / 10, -k / 20]
const command = (k: number): number[] => [k / 10 + 0.5, k / 20]
const expert = (k: number): number[] => Array.from({ length: 8 }, (_, i) => Math.fround(k + i / 10))

async function recording(name: string, { chunks }: { readonly chunks: boolean }): Promise<string> {
  const path = join(folder, `${name}.mcap`)
  const writer = new BagWriter(path, { epochSec: 1_700_000_000, metadata: { robot: robot.canonical } })
  const all: { at: number; write: () => void }[] = []
  for (const [from, to] of EPISODES) {
    all.push({
      at: from * MS - 1,
      write: () => writer.write('/episode', 'std_msgs/msg/String', { data: '{}' }, from * MS - 1),
    })
    const result = JSON.stringify({ index: 0, success: from < 2000 })
    all.push({
      at: to * MS,
      write: () => writer.write('/episode/result', 'std_msgs/msg/String', { data: result }, to * MS),
    })
  }
  for (const [k, stamp] of ticks.entries()) {
    const header = { stamp, frameId: 'top', width: 6, height: 4, isBigendian: false }
    const rgb = Uint8Array.from({ length: 72 }, (_, i) => (i + k) % 256)
    const depth = new Uint8Array(Uint16Array.from({ length: 24 }, (_, i) => 400 + i + k).buffer)
    const position = Float64Array.from(joints(k))
    const said = { stamp: stamp - 2 * MS, frameId: '', text: k % 20 === 0 ? 'put red' : 'red', confidence: 1 }
    all.push(
      {
        at: stamp - 2 * MS,
        write: () => k % 10 === 0 && writer.write('/voice', 'prehend_interfaces/msg/VoiceEvent', said, stamp - 2 * MS),
      },
      {
        at: stamp - MS,
        write: () => {
          const data = Float64Array.from(command(k))
          writer.write(
            '/arm/commands',
            'std_msgs/msg/Float64MultiArray',
            { dimensions: [], dataOffset: 0, data },
            stamp - MS,
          )
        },
      },
      {
        at: stamp,
        write: () => {
          writer.write(
            '/joint_states',
            'sensor_msgs/msg/JointState',
            { stamp, frameId: '', name: ['pan', 'lift'], position, velocity: NONE, effort: NONE },
            stamp,
          )
          writer.write(
            '/top/depth',
            'sensor_msgs/msg/Image',
            { ...header, encoding: '16UC1', step: 12, data: depth },
            stamp,
          )
          writer.write(
            '/top/image_raw',
            'sensor_msgs/msg/Image',
            { ...header, encoding: 'rgb8', step: 18, data: rgb },
            stamp,
          )
        },
      },
    )
    if (!chunks) continue
    all.push({
      at: stamp + 4 * MS,
      write: () => {
        const data = Float32Array.from(expert(k))
        const answer = {
          stamp,
          rate: 30,
          data,
          origin: NONE,
          groups: [{ ...GROUP, counts: 'absolute' as const }],
          gate: undefined,
          graspSuccess: undefined,
        }
        writer.write(
          '/expert/action_chunk',
          'prehend_interfaces/msg/ActionChunk',
          chunkMessage(answer, 'tool'),
          stamp + 4 * MS,
        )
        const labels = {
          stamp,
          frameId: 'tool',
          name: ['x', 'has_target'],
          position: Float64Array.of(k, 1),
          velocity: NONE,
          effort: NONE,
        }
        writer.write('/expert/aux', 'sensor_msgs/msg/JointState', labels, stamp + 4 * MS)
      },
    })
  }
  for (const { write } of all.toSorted((a, b) => a.at - b.at)) write()
  await writer.close()
  return path
}

/** An array of a set: its shape and values, read as numpy.lib.format says. */
function npy(path: string): { shape: number[]; values: number[] } {
  const bytes = readFileSync(path)
  const header = bytes.toString('latin1', 10, 128)
  const shape = /'shape': \(([^)]*)\)/.exec(header)![1]!.split(',').filter(Boolean).map(Number)
  const types = { '|u1': Uint8Array, '<u2': Uint16Array, '<i4': Int32Array, '<i8': BigInt64Array, '<f4': Float32Array }
  const type = types[/'descr': '([^']*)'/.exec(header)![1] as keyof typeof types]
  return {
    shape,
    values: Array.from(new type(bytes.buffer.slice(bytes.byteOffset + 128, bytes.byteOffset + bytes.length)), Number),
  }
}

let chunks = ''
let commands = ''
beforeAll(async () => {
  chunks = await recording('chunks', { chunks: true })
  commands = await recording('commands', { chunks: false })
})

const write = (name: string, value: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value))
  return path
}

function exported(bag: string, changed: object = {}, out = 'set') {
  const options = {
    out: join(folder, out),
    format: 'numpy',
    contract: write('contract.json', { ...contract, ...changed }),
    vocabulary: write('words.json', WORDS),
    overwrite: true,
    ...(bag === commands && { actions: ['/arm/commands'] }),
  }
  return exportBags([bag], options as never, () => undefined)
}

const array = (bag: string, name: string, out = 'set') => npy(join(folder, out, bag, `${name}.npy`))

test('one array for each input under its name, pictures as bytes, and the rows of the chunks of the expert', async () => {
  const { result } = await exported(chunks)
  const rows = EPISODES.flatMap(([from, to]) => within(from, to).map(tick => ticks.indexOf(tick)))
  expect(result).toMatchObject({ observations: rows.length, episodes: 2 })
  expect(array('chunks', 'images.top.rgb')).toEqual({
    shape: [rows.length, 4, 6, 3],
    values: rows.flatMap(k => Array.from({ length: 72 }, (_, i) => (i + k) % 256)),
  })
  expect(array('chunks', 'images.top.depth')).toEqual({
    shape: [rows.length, 4, 6],
    values: rows.flatMap(k => Array.from({ length: 24 }, (_, i) => 400 + i + k)),
  })
  expect(array('chunks', 'colour')).toEqual({
    shape: [rows.length, 3, 4, 6],
    values: rows.flatMap(k =>
      [0, 1, 2].flatMap(plane => Array.from({ length: 24 }, (_, i) => (3 * i + plane + k) % 256)),
    ),
  })
  expect(array('chunks', 'state').values).toEqual(rows.flatMap(joints).map(Math.fround))
  // The last two events of the episode at or before the tick, the newest first.
  const spoken = (k: number): number[] => (k % 20 === 0 ? [2, 3, 0] : [3, 0, 0])
  const said = ticks.map((_, k) => k).filter(k => k % 10 === 0)
  expect(array('chunks', 'words').values).toEqual(
    rows.flatMap(k => {
      const first = k < 60 ? 30 : 66
      const heard = said.filter(each => each > first && each <= k).toReversed()
      return [0, 1].flatMap(i => (heard[i] === undefined ? [0, 0, 0] : spoken(heard[i])))
    }),
  )
  expect(array('chunks', 'action_chunk')).toEqual({
    shape: [rows.length, 3, 2],
    values: rows.flatMap(k => expert(k).slice(0, 6)),
  })
  expect(array('chunks', 'aux')).toEqual({ shape: [rows.length, 2], values: rows.flatMap(k => [k, 1]) })
  expect(array('chunks', 'success').values).toEqual(rows.map(k => (k < 60 ? 1 : 0)))
  const described = JSON.parse(readFileSync(join(folder, 'set/chunks/dataset.json'), 'utf8')) as object
  expect(described).toMatchObject({
    contract: { version: 2, robot: { sha256: robot.sha256 } },
    aux: ['x', 'has_target'],
  })
})

test('from commands, the chunk of a tick has the commands of the ticks that follow, held at the end', async () => {
  await exported(commands)
  const wanted = EPISODES.flatMap(([from, to]) => {
    // The last tick has no command after it.
    const rows = within(from, to)
      .slice(0, -1)
      .map(tick => ticks.indexOf(tick))
    const last = rows.at(-1)!
    return rows.flatMap(k => [1, 2, 3].flatMap(i => command(Math.min(k + i, last + 1))))
  })
  expect(array('commands', 'action_chunk').values).toEqual(wanted.map(Math.fround))
  expect(existsSync(join(folder, 'set/commands/aux.npy'))).toBe(false)
})

const withChunk = (changed: object): object => ({
  outputs: { action_chunk: { ...contract.outputs.action_chunk, ...changed } },
})
const withState = (changed: object): object => ({
  inputs: { ...contract.inputs, state: { ...contract.inputs.state, ...changed } },
})

test.each([
  [withState({ history: { ticks: 2 }, shape: [1, 2, 2] }), 'a numpy set has no histories, and state has one'],
  [withState({ scale: 2 }), 'state: a numpy set has values as they are measured: leave "scale" and "bias" out'],
  [withState({ dtype: 'float64' }), 'state: a numpy set has the types float32, int64, int32, uint8'],
  [{ inputs: { ...contract.inputs, '../x': contract.inputs.state } }, '../x: cannot be the name of an array'],
  [withChunk({ groups: [{ ...GROUP, scale: 2 }] }), 'group arm: a numpy set has actions in SI units'],
  [
    withChunk({ groups: [{ ...GROUP, counts: 'offset', absolute: ['lift'] }] }),
    'group arm: a numpy set has groups that are absolute or offsets as a whole',
  ],
  [
    withChunk({ groups: [{ ...GROUP, counts: 'offset' }] }),
    'its chunks are not those of the contract: arm (joint_position of pan, lift) at 30 Hz, not arm (offsets of joint_position of pan, lift) at 30 Hz of 3 rows',
  ],
  [withChunk({ rate: 10 }), 'at 30 Hz, not arm (joint_position of pan, lift) at 10 Hz'],
  [withChunk({ shape: [1, 5, 2] }), 'of 5 rows'],
])('refuses %j in one line and keeps nothing', async (changed, text) => {
  const failure = await exported(chunks, changed, 'refused').then(
    () => undefined,
    (error: Error) => error,
  )
  expect(failure?.message).toContain(text)
  expect(failure?.message).not.toContain('\n')
  expect(existsSync(join(folder, 'refused/chunks'))).toBe(false)
})

test.each([
  [withChunk({ rate: 10 }), "its ticks come 30 times a second, the rows of the contract's chunk 10 times"],
  [
    withChunk({ groups: [{ ...GROUP, counts: 'offset' }] }),
    'commands are absolute, and the contract counts offsets for arm: leave "counts" out',
  ],
])('refuses %j for commands', async (changed, text) => {
  await expect(exported(commands, changed, 'refused')).rejects.toThrow(text)
})

test('where ticks are left out, the last action before holds', () => {
  const files = new Map<string, Float32Array[]>()
  const make = (name: string) =>
    ({
      append: (row: Float32Array) => files.set(name, [...(files.get(name) ?? []), row.slice()]),
      close: () => undefined,
    }) as never
  const parsed = parseContract(
    { name: 'test', robot: { name: '', sha256: '0'.repeat(64), canonical: '' }, vocabulary: WORDS, ...contract },
    'test',
  )
  const arrays = groupArrays.open(make, parsed, { path: 'x', robot, epoch: undefined as never, rate: 30 })
  const channels = ['pan', 'lift'].map(joint => jointChannel('arm', joint, 'position'))
  for (const k of [0, 1, 2, 5, 6])
    arrays.add({
      observation: { stamp: at(k), index: k, episode: 0, values: new Map() } as never,
      action: { channels, values: [k, 0] },
      chunk: undefined,
      aux: undefined,
      instead: undefined,
      samples: new Map(),
    })
  arrays.endEpisode()
  expect(files.get('action_chunk')!.map(chunk => [chunk[0], chunk[2], chunk[4]])).toEqual([
    [0, 1, 2],
    [1, 2, 2],
    [2, 2, 2],
    [5, 6, 6],
    [6, 6, 6],
  ])
})

test('an opening is made from the position of the joint that moves the fingers', () => {
  const rows: Float32Array[] = []
  const make = (name: string) =>
    ({
      append: (row: Float32Array) => name === 'action_chunk' && rows.push(row.slice()),
      close: () => undefined,
    }) as never
  const hand = parseRobot(
    `robot: hand
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.jaw] }
actions:
  hand: { driver: sts3215, state: joints, joints: { jaw: { id: 1 } }, gripper: { joint: jaw, closed: -0.5 rad, open: 1.5 rad } }
limits: { joints: { jaw: { position: [-2 rad, 2 rad], velocity: 1 rad/s } } }
`,
    'hand.yaml',
  )
  const parsed = parseContract(
    {
      version: 2,
      name: 'test',
      robot: { name: '', sha256: '0'.repeat(64), canonical: '' },
      inputs: { state: { as: 'vector', from: ['joints'], dtype: 'float32', shape: [1, 1] } },
      outputs: {
        action_chunk: {
          dtype: 'float32',
          shape: [1, 1, 1],
          rate: 30,
          groups: [{ name: 'hand', kind: 'gripper', channels: ['opening'] }],
        },
      },
    },
    'test',
  )
  const arrays = groupArrays.open(make, parsed, { path: 'x', robot: hand, epoch: undefined as never, rate: 30 })
  for (const [k, position] of [-0.5, 0.5, 1.5].entries())
    arrays.add({
      observation: { stamp: at(k), index: k, episode: 0, values: new Map() } as never,
      action: { channels: JAW, values: [position] },
      chunk: undefined,
      aux: undefined,
      instead: undefined,
      samples: new Map(),
    })
  arrays.endEpisode()
  expect(rows.map(([opening]) => opening)).toEqual([0, 0.5, 1])
})
