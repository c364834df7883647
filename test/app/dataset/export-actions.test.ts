import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { actionColumn } from '../../../app/dataset/actions/action-column.js'
import { jointChannel, type ActionChannel } from '../../../app/dataset/actions/action.js'
import { ChunkActions } from '../../../app/dataset/actions/chunk-actions.js'
import { actionSource } from '../../../app/dataset/actions/action-source.js'
import { exportBags } from '../../../app/dataset/export-bags.js'
import type { AnsweredObservation, EpisodeEnd, Recording, TrainingSet } from '../../../app/dataset/training-set.js'
import { UsageError } from '../../../app/output/output.js'
import { replayBag } from '../../../app/replay/replay-bag.js'
import { SetUnits } from '../../../app/dataset/set-units.js'
import { walk, type WalkOptions } from '../../../app/dataset/walk.js'
import type { Observation } from '../../../fusion/observation.js'
import { BagWriter } from '../../../middleware/bag/bag-writer.js'
import { openBag } from '../../../middleware/bag/bag.js'
import type { MessageTypes, TypeName } from '../../../middleware/messages.js'
import type { Affine } from '../../../policy/contract/affine.js'
import { jointToSi, type JointNumbers } from '../../../policy/lerobot/joint-units.js'
import { jointsCalled } from '../../../policy/lerobot/robot-joints.js'
import { parseRobot } from '../../../robots/robot-file.js'
import { MS, random } from '../../fusion/robots.js'

const PYTHON = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'prehend-actions-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const robot = parseRobot(
  `robot: arm
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image }
  joints: { topic: /joint_states, type: sensor_msgs/msg/JointState, select: [position.pan, position.lift, position.gripper] }
  voice: { topic: /voice, type: prehend_interfaces/msg/VoiceEvent }
reset: { topic: /episode }
actions:
  arm:
    driver: sts3215
    state: joints
    joints: { pan: { id: 1 }, lift: { id: 2 }, gripper: { id: 3 } }
    gripper: { joint: gripper, closed: -10 deg, open: 100 deg }
  lift: { topic: /lift/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [z], state: joints2 }
  spare: { topic: /spare/commands, type: std_msgs/msg/Float64MultiArray, values: position, joints: [z], state: joints2 }
  jaw: { driver: robotiq_2f85 }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N], joints: { pan: { position: [-9 rad, 9 rad], velocity: 1 rad/s }, lift: { position: [-9 rad, 9 rad], velocity: 1 rad/s }, gripper: { position: [-9 rad, 9 rad], velocity: 1 rad/s }, z: { position: [-9 rad, 9 rad], velocity: 1 rad/s } } }
`.replace(
    '  voice:',
    '  joints2: { topic: /lift/state, type: sensor_msgs/msg/JointState, select: [position.z] }\n  voice:',
  ),
  'arm.yaml',
)

interface Command {
  readonly stamp: number
  readonly values: readonly number[]
}

/** Absolute ns of the test's stamp 0. */
const EPOCH = 1_700_000_000_000_000_000n
const NONE = new Float64Array(0)
const bagPath = join(folder, 'demo.mcap')
/** What was commanded on each topic, in order. */
const sent: Record<string, Command[]> = {}
const ticks: number[] = []
/** Ticks by episode: the first is won, the second lost, the third has no result. */
const episodes = [
  { from: 1000, to: 2000, success: true },
  { from: 2500, to: 3200, success: false },
  { from: 3600, to: 4100, success: undefined },
]

/** The values of a command: they change with time, and differ between topics. */
const valuesAt = (topic: number, ms: number): number[] => [
  topic + ms / 1000,
  Math.sin(ms / 300 + topic),
  topic - ms / 5e3,
]

beforeAll(async () => {
  const rand = random(3)
  const writer = new BagWriter(bagPath, {
    epochSec: Number(EPOCH / 1_000_000_000n),
    metadata: { robot: robot.canonical },
  })
  const all: { at: number; write: () => void }[] = []
  const put = <T extends TypeName>(at: number, topic: string, type: T, message: MessageTypes[T]): void =>
    void all.push({ at, write: () => writer.write(topic, type, message, at) })
  for (const { from, to, success } of episodes) {
    put(from * MS, '/episode', 'std_msgs/msg/String', { data: '{}' })
    if (success !== undefined)
      put(to * MS, '/episode/result', 'std_msgs/msg/String', { data: JSON.stringify({ index: 7, success }) })
  }
  for (const [ms, data] of [
    [900, 'policy'],
    [1300, 'person'],
    [1310, 'person'],
    [1700, 'policy'],
    [2600, 'nobody'],
    [2700, 'person'],
  ] as const)
    put(ms * MS, '/control/commander', 'std_msgs/msg/String', { data })
  for (let k = 0; k < 130; k++) {
    // 30 Hz with jitter; a picture comes 25 ms after its stamp.
    const stamp = Math.round(500 * MS + (k * 1e9) / 30 + rand() * 2 * MS)
    ticks.push(stamp)
    const image = { stamp, frameId: 'top', width: 4, height: 2, encoding: 'rgb8', isBigendian: false, step: 12 }
    put(stamp + 25 * MS, '/top/image_raw', 'sensor_msgs/msg/Image', { ...image, data: new Uint8Array(24).fill(k) })
  }
  const command = (topic: string, number: number, ms: number): Command => {
    const stamp = Math.round(ms * MS)
    const made = { stamp, values: valuesAt(number, ms) }
    ;(sent[topic] ??= []).push(made)
    return made
  }
  for (let ms = 400; ms < 5000; ms += 10 + rand()) {
    const state = { frameId: '', name: ['gripper', 'pan', 'lift', 'other'], velocity: NONE, effort: NONE }
    const at = Math.round(ms * MS)
    put(at, '/joint_states', 'sensor_msgs/msg/JointState', {
      ...state,
      stamp: at,
      position: Float64Array.of(0.5, 0.1, 0.2, 9),
    })
    const [a, b, c] = command('/leader', 1, ms).values as [number, number, number]
    put(at, '/leader', 'sensor_msgs/msg/JointState', { ...state, stamp: at, position: Float64Array.of(c, a, b, 9) })
    const [d, e, f] = command('/control/arm/command', 6, ms).values as [number, number, number]
    put(at, '/control/arm/command', 'sensor_msgs/msg/JointState', {
      ...state,
      stamp: at,
      position: Float64Array.of(f, d, e, 9),
    })
    const trajectory = command('/trajectory', 2, ms).values as [number, number, number]
    const point = { velocities: NONE, accelerations: NONE, effort: NONE, timeFromStart: 10 * MS }
    put(at, '/trajectory', 'trajectory_msgs/msg/JointTrajectory', {
      stamp: 0,
      frameId: '',
      jointNames: ['pan', 'lift', 'gripper'],
      points: [
        { ...point, positions: Float64Array.of(0, 0, 0) },
        { ...point, positions: Float64Array.from(trajectory) },
      ],
    })
    const lift = command('/lift/commands', 3, ms)
    put(at, '/lift/commands', 'std_msgs/msg/Float64MultiArray', {
      dimensions: [],
      dataOffset: 0,
      data: Float64Array.from(lift.values.slice(0, 1)),
    })
    put(at, '/numbers', 'std_msgs/msg/Float64MultiArray', {
      dimensions: [],
      dataOffset: 0,
      data: Float64Array.of(ms, 1),
    })
    const [x, y, z] = command('/tool/goal', 4, ms).values as [number, number, number]
    put(at, '/tool/goal', 'geometry_msgs/msg/PoseStamped', {
      stamp: at,
      frameId: 'base_link',
      pose: Float64Array.of(x, y, z, 0, 0, 0, 1),
    })
    // A hand that lets go of the stick between 1.4 and 1.8 s.
    if (ms > 1400 && ms < 1800) continue
    const [vx, vy, vz] = command('/twist', 5, ms).values as [number, number, number]
    put(at, '/twist', 'geometry_msgs/msg/TwistStamped', {
      stamp: at,
      frameId: 'base_link',
      twist: Float64Array.of(vx, vy, vz, 0, 0, 1),
    })
  }
  put(1100 * MS, '/voice', 'prehend_interfaces/msg/VoiceEvent', {
    stamp: 1100 * MS,
    frameId: '',
    text: 'put it away',
    confidence: 1,
  })
  for (const { write } of all.sort((a, b) => a.at - b.at)) write()
  await writer.close()
})

/** A set that keeps its rows, by episodes. */
class Kept implements TrainingSet {
  readonly remarks = []
  readonly ended: { readonly rows: AnsweredObservation[]; readonly end: EpisodeEnd }[] = []
  #open: AnsweredObservation[] = []
  get rows(): number {
    return this.ended.reduce((sum, { rows }) => sum + rows.length, this.#open.length)
  }
  get episodes(): number {
    return this.ended.length
  }
  stampOf = (observation: Observation): number => Number(this.#epoch!.nanoseconds(observation.stamp) - EPOCH)
  #epoch: Recording['epoch'] | undefined
  begin({ epoch }: Recording): void {
    this.#epoch = epoch
  }
  add(row: AnsweredObservation): void {
    this.#open.push(row)
  }
  endEpisode(end: EpisodeEnd): void {
    this.ended.push({ rows: this.#open, end })
    this.#open = []
  }
  end(): void {}
  close(): void {}
  discard(): void {}
}

async function walked(
  actions: readonly string[],
  options: Omit<WalkOptions, 'actions'> = {},
  path = bagPath,
  ofRobot = robot,
) {
  const bag = await openBag(path)
  try {
    const set = new Kept()
    const source = await actionSource(bag, ofRobot, actions)
    return { set, ...(await walk(bag, ofRobot, set, { ...options, actions: source })) }
  } finally {
    await bag.close()
  }
}

/** The newest command of a topic at `stamp`, searched among all. */
const inForce = (topic: string, stamp: number): Command =>
  sent[topic]!.reduce((newest, each) => (each.stamp <= stamp ? each : newest))

/** The tick behind `stamp`. */
const next = (stamp: number): number => ticks.find(tick => tick > stamp)!

/** Puts a message into a recording. */
type Put = <T extends TypeName>(receive: number, topic: string, type: T, message: MessageTypes[T]) => void

/** A recording of what `fill` puts into it, in the order of its receive times. */
async function recorded(name: string, fill: (put: Put) => void): Promise<string> {
  const path = join(folder, `${name}.mcap`)
  const writer = new BagWriter(path, { epochSec: Number(EPOCH / 1_000_000_000n), overwrite: true })
  const all: { readonly receive: number; readonly write: () => void }[] = []
  fill((receive, topic, type, message) =>
    all.push({ receive, write: () => writer.write(topic, type, message, receive) }),
  )
  for (const { write } of all.toSorted((a, b) => a.receive - b.receive)) write()
  await writer.close()
  return path
}

const picture = (stamp: number): MessageTypes['sensor_msgs/msg/Image'] => ({
  stamp,
  frameId: 'top',
  width: 4,
  height: 2,
  encoding: 'rgb8',
  isBigendian: false,
  step: 12,
  data: new Uint8Array(24),
})
const joints = (stamp: number, ...position: number[]): MessageTypes['sensor_msgs/msg/JointState'] => ({
  stamp,
  frameId: '',
  name: ['pan', 'lift', 'gripper'],
  position: Float64Array.from(position),
  velocity: NONE,
  effort: NONE,
})

describe('actions from recorded commands', () => {
  test.each([
    { topic: '/leader', names: ['pan.pos', 'lift.pos', 'gripper.pos'], of: (v: readonly number[]) => v },
    { topic: '/trajectory', names: ['pan.pos', 'lift.pos', 'gripper.pos'], of: (v: readonly number[]) => v },
    { topic: '/lift/commands', names: ['z.pos'], of: (v: readonly number[]) => v.slice(0, 1) },
    {
      topic: '/tool/goal',
      names: ['x', 'y', 'z', 'qx', 'qy', 'qz', 'qw'],
      of: (v: readonly number[]) => [...v, 0, 0, 0, 1],
    },
  ])('$topic: the command in force at the next tick', async ({ topic, names, of }) => {
    const { set, leftOut } = await walked([topic])
    expect(set.ended.map(({ end }) => end.success)).toEqual([true, false, false])
    expect(set.ended.map(({ rows }) => rows.length)).toEqual(
      episodes.map(({ from, to }, i) => {
        const within = ticks.filter(tick => tick >= from * MS && (i === 2 || tick + 25 * MS < to * MS))
        return within.length - 1
      }),
    )
    expect(leftOut).toBe(3)
    for (const { rows } of set.ended)
      for (const { observation, action, chunk } of rows) {
        expect(action.channels.map(({ name }) => name)).toEqual(names)
        expect([...(action.values as number[])]).toEqual(of(inForce(topic, next(set.stampOf(observation))).values))
        expect(chunk).toBeUndefined()
      }
  })

  test('what was sent over a bus of servos, by the name of the actuator', async () => {
    const { set } = await walked(['arm'])
    for (const { observation, action } of set.ended[0]!.rows)
      expect(action.values).toEqual(inForce('/control/arm/command', next(set.stampOf(observation))).values)
  })

  test('several topics, one after another; an actuator by its name', async () => {
    const { set } = await walked(['lift', '/leader'])
    const [{ rows } = { rows: [] }] = set.ended
    for (const { observation, action } of rows) {
      const at = next(set.stampOf(observation))
      const wanted = [inForce('/lift/commands', at).values[0], ...inForce('/leader', at).values]
      expect(action.values).toEqual(wanted)
    }
    expect(rows[0]!.action.channels.map(({ of, name }) => `${of} ${name}`)).toEqual([
      'lift z.pos',
      'arm pan.pos',
      'arm lift.pos',
      'arm gripper.pos',
    ])
  })

  test('a velocity that nobody commands any more is not an action', async () => {
    const { set } = await walked(['/twist'])
    const stamps = set.ended[0]!.rows.map(({ observation }) => set.stampOf(observation))
    expect(stamps.some(stamp => stamp > 1450 * MS && stamp < 1550 * MS)).toBe(true)
    expect(stamps.some(stamp => stamp > 1610 * MS && stamp < 1750 * MS)).toBe(false)
  })

  test('numbers of no actuator are counted', async () => {
    const { set } = await walked(['/numbers'])
    expect(set.ended[0]!.rows[0]!.action.channels.map(({ name }) => name)).toEqual(['value_0', 'value_1'])
  })

  test('the observations are those of a replay, with the same values', async () => {
    const { set } = await walked(['/leader', '/tool/goal'])
    const bag = await openBag(bagPath)
    const replayed = new Map<number, Observation>()
    await replayBag({ bag, robot, rate: 'max', onObservation: seen => void replayed.set(seen.stamp, seen) })
    await bag.close()
    for (const { rows } of set.ended)
      for (const { observation } of rows) {
        const same = replayed.get(observation.stamp)!
        for (const { name } of robot.streams) {
          expect(observation.values.get(name), name).toEqual(same.values.get(name))
          expect(observation.quality.get(name), name).toEqual(same.quality.get(name))
        }
      }
  })

  describe.each([false, true])('with onlyWon %s', onlyWon => {
    test.each([
      ['done', /results\.mcap: \/episode\/result: a message cannot be read as JSON: .*the result of an episode is/],
      ['null', /results\.mcap: \/episode\/result: expected .*, got null; the result/],
      ['{"index": "last"}', /results\.mcap: \/episode\/result: index: expected .*, got .*; the result/],
      ['{"index": 3}', /results\.mcap: \/episode\/result: success: .*; the result/],
      [undefined, /results\.mcap: \/episode\/result: its type is sensor_msgs\/msg\/JointState; the result/],
    ])('refuses a result %j in one line', async (text, says) => {
      const path = await recorded('results', put => {
        for (let ms = 0; ms < 500; ms += 10) {
          put(ms * MS, '/leader', 'sensor_msgs/msg/JointState', joints(ms * MS, 1, 2, 3))
          put(ms * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(ms * MS))
        }
        if (text === undefined) put(505 * MS, '/episode/result', 'sensor_msgs/msg/JointState', joints(505 * MS))
        else put(505 * MS, '/episode/result', 'std_msgs/msg/String', { data: text })
      })
      const failure: unknown = await walked(['/leader'], { onlyWon }, path).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(UsageError)
      expect((failure as Error).message).toMatch(says)
      expect((failure as Error).message).not.toContain('\n')
    })
  })

  test('a result without a number ends an episode whose number is not known', async () => {
    const path = await recorded('unnumbered', put => {
      for (let ms = 0; ms < 500; ms += 10) {
        put(ms * MS, '/leader', 'sensor_msgs/msg/JointState', joints(ms * MS, 1, 2, 3))
        put(ms * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(ms * MS))
      }
      put(505 * MS, '/episode/result', 'std_msgs/msg/String', { data: '{"success": true, "by": "hand"}' })
    })
    const { set } = await walked(['/leader'], { onlyWon: true }, path)
    expect(set.ended.map(({ end }) => end)).toEqual([{ index: -1, success: true }])
  })

  const camera = parseRobot(
    `robot: camera
tick: { from: top }
streams: { top: { topic: /top/image_raw, type: sensor_msgs/msg/Image } }
`,
    'camera.yaml',
  )
  test.each([
    { travels: 6, says: 'the command of the tick' },
    { travels: 35, says: 'the command of the tick' },
    { travels: 60, says: 'the one before, beyond max_wait' },
  ])('a command that travels for $travels ms: $says', async ({ travels }) => {
    const stamps = Array.from({ length: 60 }, (_, k) => Math.round(500 * MS + (k * 1e9) / 20))
    const path = await recorded('late', put => {
      stamps.forEach((stamp, k) => {
        const sentAt = stamp - 2 * MS
        put(sentAt + travels * MS, '/leader', 'sensor_msgs/msg/JointState', joints(sentAt, k, 0, 0))
        put(stamp + MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
      })
      put(stamps[30]! + 2 * MS, '/episode/result', 'std_msgs/msg/String', { data: '{"index": 0, "success": true}' })
    })
    const { set } = await walked(['/leader'], {}, path, camera)
    const commanded = set.ended.map(({ rows }) => rows.map(({ action }) => action.values[0]))
    const counted = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)
    // What comes after the result of an episode is not waited for.
    if (travels < 40) expect(commanded).toEqual([[...counted(1, 30), 29], counted(32, 60)])
    else expect(commanded[1]).toEqual(counted(31, 59))
  })

  test('an observation whose next tick is lost has no action, and is left out', async () => {
    const stamps = Array.from({ length: 80 }, (_, k) => Math.round(500 * MS + (k * 1e9) / 30))
    const lost = new Set(stamps.slice(30, 50))
    const path = await recorded('gap', put => {
      for (let ms = 0; ms < 4000; ms += 10)
        put(ms * MS, '/leader', 'sensor_msgs/msg/JointState', joints(ms * MS, ms, 0, 0))
      for (const stamp of stamps)
        if (!lost.has(stamp)) put(stamp + MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
    })
    const { set, leftOut } = await walked(['/leader'], {}, path)
    const [{ rows } = { rows: [] }] = set.ended
    expect(rows.map(({ observation }) => set.stampOf(observation))).toEqual([
      ...stamps.slice(0, 29),
      ...stamps.slice(50, 79),
    ])
    rows.forEach(({ observation, action }) => {
      const at = (set.stampOf(observation) + 1e9 / 30) / MS
      expect(action.values[0]).toBe(10 * Math.floor((at + 1e-3) / 10))
    })
    expect(leftOut).toBe(2)
  })

  test('a jump of time ends an episode; each side has its own commands and samples', async () => {
    const looped = parseRobot(
      `robot: looped
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 32 ms, pyramid: [32 ms] } }
`,
      'looped.yaml',
    )
    const path = await recorded('looped', put => {
      for (const pass of [0, 1])
        for (let ms = 5000; ms < 7000; ms += 10) {
          const [stamp, receive] = [ms * MS, (ms + pass * 2000) * MS]
          put(receive + 6 * MS, '/leader', 'sensor_msgs/msg/JointState', joints(stamp, ms, pass, 0))
          const wrench = Float64Array.of(ms, pass, 0, 0, 0, 0)
          put(receive, '/wrench', 'geometry_msgs/msg/WrenchStamped', { stamp, frameId: '', wrench })
          if (ms % 40 === 0) put(receive + 3 * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
        }
    })
    const { set } = await walked(['/leader'], {}, path, looped)
    expect(set.ended.map(({ end }) => end)).toEqual([
      { index: -1, success: false },
      { index: -1, success: false },
    ])
    set.ended.forEach(({ rows }, pass) => {
      expect(rows.length).toBeGreaterThan(20)
      rows.forEach(({ observation, action, samples }, row) => {
        const ms = set.stampOf(observation) / MS
        expect(action.values).toEqual([ms + 40, pass, 0])
        const { values } = samples.get('wrench')!
        const times = [...values].filter((_, i) => i % 6 === 0)
        const whole = [ms - 30, ms - 20, ms - 10, ms]
        expect(times.at(-1)).toBe(ms)
        // Before the first row some are not there: the recording begins, or the jump is not clear yet.
        expect(times).toEqual(row === 0 ? whole.filter(time => times.includes(time)) : whole)
        expect([...values].filter((_, i) => i % 6 === 1)).toEqual(times.map(() => pass))
      })
    })
  })

  test.each([
    { rate: 46, rows: 0 },
    { rate: 44, rows: 48 },
  ])(
    'at a rate of $rate, and 30 ticks a second, the set has rows, or one line says why it has none',
    async ({ rate, rows }) => {
      const path = await recorded('even', put => {
        for (let k = 0; k < 50; k++) {
          const stamp = 5000 * MS + Math.round((k * 1e9) / 30)
          put(stamp, '/leader', 'sensor_msgs/msg/JointState', joints(stamp, k, 0, 0))
          put(stamp + 3 * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
        }
      })
      const notices: string[] = []
      const { set } = await walked(['/leader'], { rate, onNotice: text => notices.push(text) }, path)
      expect(set.rows).toBeGreaterThanOrEqual(rows)
      expect(notices.filter(text => text.includes('--rate'))).toEqual(
        rows > 0
          ? []
          : [
              `${path}: its ticks come 30 times a second at most, so at 46 frames a second each step has lost a tick, ` +
                'and no command is an action; give --rate 30',
            ],
      )
    },
  )

  test('only episodes that were won', async () => {
    const { set, passedOver } = await walked(['/leader'], { onlyWon: true })
    expect(set.ended.map(({ end }) => end.success)).toEqual([true])
    expect(passedOver).toBeGreaterThan(25)
  })

  test('only what led to success: not what a jump of time parts from the result', async () => {
    const placed = parseRobot(
      'robot: placed\ntick: { from: top }\nstreams: { top: { topic: /top/image_raw, type: sensor_msgs/msg/Image } }\n',
      'placed.yaml',
    )
    const path = await recorded('placed', put => {
      put(4990 * MS, '/episode', 'std_msgs/msg/String', { data: '{}' })
      for (const pass of [0, 1])
        for (let ms = 5000; ms < 7000; ms += 40) {
          const [stamp, receive] = [ms * MS, (ms + pass * 2000) * MS]
          put(receive, '/leader', 'sensor_msgs/msg/JointState', joints(stamp, ms, pass, 0))
          put(receive + 3 * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
        }
      put(9010 * MS, '/episode/result', 'std_msgs/msg/String', { data: '{"index": 3, "success": true}' })
    })
    const all = await walked(['/leader'], {}, path, placed)
    expect(all.set.ended.map(({ end }) => end)).toEqual([
      { index: -1, success: false },
      { index: 3, success: true },
    ])
    const won = await walked(['/leader'], { onlyWon: true }, path, placed)
    expect(won.set.ended.map(({ end }) => end)).toEqual([{ index: 3, success: true }])
    expect(won.set.ended[0]?.rows).toHaveLength(all.set.ended[1]!.rows.length)
    for (const { action } of won.set.ended[0]!.rows) expect(action.values[1]).toBe(1)
    expect(won.passedOver).toBeGreaterThanOrEqual(all.set.ended[0]!.rows.length)
  })

  test('no row of an episode whose result follows a jump of time at once', async () => {
    const parted = parseRobot(
      `robot: parted
tick: { from: top }
streams:
  top: { topic: /top/image_raw, type: sensor_msgs/msg/Image }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, align: { window: 32 ms } }
`,
      'parted.yaml',
    )
    const path = await recorded('parted', put => {
      put(4990 * MS, '/episode', 'std_msgs/msg/String', { data: '{}' })
      for (let ms = 5000; ms < 8000; ms += 10) {
        // From 7 s on stamps begin anew, and no picture comes any more.
        const [stamp, receive] = [(ms < 7000 ? ms : ms - 2000) * MS, ms * MS]
        const wrench = Float64Array.of(ms, 0, 0, 0, 0, 0)
        put(receive, '/wrench', 'geometry_msgs/msg/WrenchStamped', { stamp, frameId: '', wrench })
        put(receive, '/leader', 'sensor_msgs/msg/JointState', joints(stamp, ms, 0, 0))
        if (ms < 7000 && ms % 40 === 0) put(receive + 3 * MS, '/top/image_raw', 'sensor_msgs/msg/Image', picture(stamp))
      }
      put(8010 * MS, '/episode/result', 'std_msgs/msg/String', { data: '{"index": 3, "success": true}' })
    })
    const all = await walked(['/leader'], {}, path, parted)
    expect(all.set.ended.map(({ end }) => end)).toEqual([{ index: -1, success: false }])
    const won = await walked(['/leader'], { onlyWon: true }, path, parted)
    expect(won.set.ended).toEqual([])
    expect(won.passedOver).toBeGreaterThan(40)
  })

  test('only while a person commands; each time is an episode', async () => {
    const { set, passedOver } = await walked(['/leader'], { by: 'person' })
    const [first, second, third] = set.ended.map(({ rows }) => rows.map(({ observation }) => set.stampOf(observation)))
    const during = (from: number, to: number): number[] => ticks.filter(tick => tick >= from * MS && tick < to * MS)
    expect(first).toEqual(during(1300, 1700).slice(0, -1))
    expect(second?.[0]).toBe(during(2700, 3200)[0])
    expect(third?.[0]).toBe(during(3600, 4100)[0])
    expect(passedOver).toBeGreaterThan(20)
  })

  test.each([
    { actions: ['spare'], says: /has no messages on \/spare\/commands, where actuator spare gets its commands/ },
    { actions: ['jaw'], says: /what actuator jaw is told is on no topic: name a topic that has it/ },
    {
      actions: ['/joints_states'],
      says: /'\/joints_states': no such actuator or recorded topic, did you mean '\/joint_states'\?/,
    },
    { actions: ['/top/image_raw'], says: /\/top\/image_raw is sensor_msgs\/msg\/Image, not a command/ },
    { actions: ['/leader', '/leader'], says: /\/leader is named twice/ },
    { actions: [], says: /has no answers to learn from \(\/expert\/action_chunk or \/policy\/action_chunk\)/ },
    { actions: ['expert'], says: /has no answers to learn from \(\/expert\/action_chunk\)/ },
  ])('refuses $actions in one line', async ({ actions, says }) => {
    await expect(walked(actions)).rejects.toThrow(says)
  })
})

test("a LeRobot set in LeRobot's names and units", async () => {
  const out = join(folder, 'set')
  const progress: string[] = []
  await exportBags(
    [bagPath],
    {
      out,
      format: 'lerobot',
      pictures: 'png',
      ffmpeg: 'ffmpeg',
      room: 80,
      contract: '',
      vocabulary: '',
      actions: ['/leader'],
      jointUnit: 'deg',
      streams: ['top', 'joints'],
      sizes: new Map([['top', { width: 2, height: 1 }]]),
      onlyWon: true,
      onlyComplete: true,
    },
    line => progress.push(line),
  )
  const info = JSON.parse(readFileSync(join(out, 'meta/info.json'), 'utf8')) as {
    features: Record<string, { shape: number[]; names: string[] }>
  }
  const names = ['pan.pos', 'lift.pos', 'gripper.pos']
  expect(info.features['action']).toMatchObject({ shape: [3], names })
  expect(info.features['observation.state']).toMatchObject({ shape: [3], names })
  expect(info.features['observation.images.top']).toMatchObject({ shape: [1, 2, 3] })
  expect(Object.keys(info.features).some(key => key.includes('voice') || key.includes('joints2'))).toBe(false)
  const read = fileURLToPath(new URL('read_actions.py', import.meta.url))
  const rows = JSON.parse(execFileSync(PYTHON, [read, out], { encoding: 'utf8', maxBuffer: 2 ** 26 })) as {
    action: number[][]
    'observation.state': number[][]
    stamp: string[]
  }
  const degrees = (rad: number): number => (rad * 180) / Math.PI
  const share = (rad: number): number => (100 * (degrees(rad) + 10)) / 110
  rows.stamp.forEach((stamp, i) => {
    const at = next(Number(BigInt(stamp) - EPOCH))
    const [pan = 0, lift = 0, gripper = 0] = inForce('/leader', at).values
    const wanted = [degrees(pan), degrees(lift), share(gripper)]
    rows.action[i]!.forEach((value, k) => expect(value).toBeCloseTo(wanted[k]!, 3))
    const state = [degrees(0.1), degrees(0.2), share(0.5)]
    rows['observation.state'][i]!.forEach((value, k) => expect(value).toBeCloseTo(state[k]!, 3))
  })
  expect(rows.stamp.length).toBeGreaterThan(25)
})

test('joints of two arms, in the units of their calibrations, are those that wrap turns back', () => {
  const arms = parseRobot(
    readFileSync(new URL('../../../examples/robots/two-arms.yaml', import.meta.url), 'utf8'),
    'two',
  )
  const names = [
    'left_joints.position.shoulder_pan',
    'right_joints.position.shoulder_pan',
    'right_joints.position.gripper',
  ]
  const units = new SetUnits(arms, { unit: 'deg' })
  expect(units.namesOf(names)).toEqual(['left_shoulder_pan.pos', 'right_shoulder_pan.pos', 'right_gripper.pos'])
  const { scale = [], bias = [] } = units.ofState(names)
  const degree = Math.PI / 180
  names.forEach((name, i) => {
    const [arm = '', , joint = ''] = name.replace('_joints', '').split('.')
    const back = jointToSi({
      joint,
      unit: 'deg',
      actuator: arms.actuators.find(each => each.name === arm),
      calibration: undefined,
    })
    expect((0.3 * scale[i]! + bias[i]!) * (back as Affine & { scale: number }).scale).toBeCloseTo(
      0.3 - (joint === 'gripper' ? -10 * degree : 0),
      9,
    )
  })
  expect(() => new SetUnits(arms, { unit: 'lerobot' }).ofState(names)).toThrow(
    /--joint-unit lerobot: shoulder_pan: the range is not known/,
  )
})

test('the values of a pose keep their names beside two arms whose joints need a prefix', () => {
  const text = readFileSync(new URL('../../../examples/robots/two-arms.yaml', import.meta.url), 'utf8')
  const arms = parseRobot(
    text.replace(/^streams:$/m, 'streams:\n  tool: { topic: /tool_pose, type: geometry_msgs/msg/PoseStamped }'),
    'two',
  )
  const names = ['tool.x', 'tool.qw', 'left_joints.position.shoulder_pan', 'right_joints.position.shoulder_pan']
  expect(new SetUnits(arms, { unit: 'deg' }).namesOf(names)).toEqual([
    'tool.x',
    'tool.qw',
    'left_shoulder_pan.pos',
    'right_shoulder_pan.pos',
  ])
})

describe('an opening of fingers that a joint moves', () => {
  const calibration = Object.fromEntries(
    ['pan', 'lift', 'gripper'].map((joint, i) => [
      joint,
      { id: i + 1, drive_mode: 0 as const, homing_offset: 100, range_min: 1000 + 100 * i, range_max: 3000 },
    ]),
  )
  const group = { name: 'arm', kind: 'gripper', channels: ['opening'] }
  const degree = Math.PI / 180

  test.each([
    { unit: undefined, calibration: undefined },
    { unit: 'rad', calibration: undefined },
    { unit: 'deg', calibration: undefined },
    { unit: 'deg', calibration },
    { unit: 'lerobot', calibration },
    { unit: 'percent', calibration },
  ] as const)('is the position of the joint, which wrap takes back: %j', ({ unit, calibration: of }) => {
    const chunk = { stamp: 0, rate: 30, data: Float32Array.of(0.25), origin: NONE, groups: [group] }
    const action = new ChunkActions(robot, 1e9 / 30).of({
      ...chunk,
      gate: undefined,
      graspSuccess: undefined,
    } as never)!
    const position = (-10 + 0.25 * 110) * degree
    const [channel] = action.channels as [ActionChannel]
    expect(action.values[0]).toBeCloseTo(position, 9)
    const units = new SetUnits(robot, { unit, calibration: of })
    const { scale, bias } = units.ofChannel(channel)
    const inSet = action.values[0]! * scale + bias
    const state = units.ofState(['joints.position.gripper'])
    expect(inSet).toBeCloseTo(action.values[0]! * (state.scale?.[0] ?? 1) + (state.bias?.[0] ?? 0), 9)
    const [mover, ...others] = jointsCalled(channel.name, robot)
    expect([mover?.actuator.name, mover?.joint, others]).toEqual(['arm', 'gripper', []])
    const back = jointToSi({ joint: mover!.joint, unit: unit ?? 'rad', actuator: mover!.actuator, calibration: of })
    const { scale: wide, bias: zero } = back as JointNumbers
    expect(inSet * wide + zero).toBeCloseTo(position, 9)
  })

  test('and others: a state and a command beyond the calibrated range are its ends in a set', () => {
    const units = new SetUnits(robot, { unit: 'lerobot', calibration })
    const channels = ['pan', 'gripper'].map(joint => jointChannel('arm', joint, 'position'))
    const row = (values: number[]) => ({ action: { channels, values } }) as unknown as AnsweredObservation
    const { value } = actionColumn(row([0, 0]), units)
    expect(value(row([9, 9]))).toEqual([100, 100].map(each => expect.closeTo(each, 9) as number))
    expect(value(row([-9, -9]))).toEqual([-100, 0].map(each => expect.closeTo(each, 9) as number))
    const { scale = [], bias = [], limits = [] } = units.ofState(['joints.position.pan', 'joints.position.gripper'])
    const ends = limits.map((range, i) => range?.map(each => each * scale[i]! + bias[i]!))
    expect(ends.flat()).toEqual([-100, 100, 0, 100].map(each => expect.closeTo(each!, 9) as number))
    expect(new SetUnits(robot, { unit: 'deg', calibration }).ofState(['joints.position.pan'])).not.toHaveProperty(
      'limits',
    )
  })
})
