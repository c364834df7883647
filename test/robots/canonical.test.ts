import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { describeDifference, translationText } from '../../robots/canonical.js'
import { parseRecordedRobot } from '../../robots/recorded-robot.js'
import { parseRobot } from '../../robots/robot-file.js'
import type { Robot } from '../../robots/robot.js'

const cellText = readFileSync(new URL('../../robots/cell.yaml', import.meta.url), 'utf8')
const cell = parseRobot(cellText, 'cell.yaml')
const changed = (from: string | RegExp, to: string): Robot => {
  const text = cellText.replace(from, to)
  expect(text).not.toBe(cellText)
  return parseRobot(text, 'cell.yaml')
}

/** Several spellings of one quantity, and the same keys in any order. */
const times = (ms: number) => fc.constantFrom(`${ms} ms`, `${ms * 1000} us`, ms / 1000, `${ms / 1000} s`, `${ms}e-3 s`)
const lengths = (mm: number) => fc.constantFrom(`${mm} mm`, `${mm / 10} cm`, mm / 1000, `${mm / 1000} m`, `${mm}e3 um`)

function shuffled(value: unknown): fc.Arbitrary<unknown> {
  if (Array.isArray(value)) return fc.tuple(...value.map(shuffled))
  if (value === null || typeof value !== 'object') return fc.constant(value)
  const entries = Object.entries(value).map(([key, inner]) => fc.tuple(fc.constant(key), shuffled(inner)))
  return fc
    .tuple(...entries)
    .chain(pairs => fc.shuffledSubarray(pairs, { minLength: pairs.length }))
    .map(pairs => Object.fromEntries(pairs))
}

const spelt = fc
  .record({
    wait: times(40),
    window: times(33.333333),
    gap: times(100),
    narrow: lengths(85),
    low: lengths(-250),
    high: lengths(250),
    turn: fc.constantFrom('180 deg/s', '180 deg / s', `${Math.PI} rad/s`, Math.PI),
    effort: fc.constantFrom('120 N', '0.12 kN', 120),
  })
  .map(q => ({
    robot: 'bench',
    tick: { from: 'rgb' },
    max_wait: q.wait,
    streams: {
      rgb: { topic: '/rgb', type: 'sensor_msgs/msg/Image', max_gap: q.gap },
      wrench: {
        topic: '/wrench',
        type: 'geometry_msgs/msg/WrenchStamped',
        align: { window: q.window, centred: false },
      },
      tool: { topic: '/tool', type: 'geometry_msgs/msg/PoseStamped' },
      arm: { topic: '/arm', type: 'sensor_msgs/msg/JointState', select: ['position.a', 'position.b'] },
    },
    actions: {
      gripper: { driver: 'robotiq-2f85' },
      arm: { topic: '/target', type: 'geometry_msgs/msg/PoseStamped', pose: 'tool' },
    },
    limits: {
      workspace: { x: [q.low, q.high], y: [q.low, q.high], z: [0, q.high] },
      speed: 0.3,
      yaw_rate: q.turn,
      width: [0, q.narrow],
      effort: [20, q.effort],
    },
  }))
  .chain(file => shuffled(file))

describe('the canonical text', () => {
  it('has a unit of depth only where it is not 1 mm; another unit is another translation', () => {
    const unit = (text: string): Robot => changed(/(depth: +\{[^}]*)\}/, `$1, depth_unit: ${text} }`)
    expect(unit('1 mm').canonical).toBe(cell.canonical)
    expect(unit('0.1 mm').sha256).not.toBe(cell.sha256)
    expect(parseRobot(unit('0.1 mm').canonical, 'again').canonical).toBe(unit('0.1 mm').canonical)
    expect(describeDifference(unit('0.1 mm').canonical, cell.canonical)).toBe(
      'streams.depth.depth_unit: 0.0001 in a, absent in b',
    )
  })

  it('is the same whatever the order of keys and the spelling of units', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(spelt, file => {
        const robot = parseRobot(stringify(file), 'bench.yaml')
        seen.add(`${robot.canonical} ${robot.sha256} ${robot.streams.map(stream => stream.name).join()}`)
        expect(seen.size).toBe(1)
      }),
      { numRuns: 50 },
    )
  })

  it('is itself a robot file that gives the same robot', () => {
    for (const robot of [
      cell,
      changed('{ from: rgb }', '{ rate: 30 Hz }'),
      changed('align: { events: 4 }', 'align: { events: 7 }'),
    ]) {
      expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
    }
  })

  it('is one line of JSON with sorted keys', () => {
    expect(cell.canonical).not.toContain('\n')
    const sorted = (value: unknown): void => {
      if (value === null || typeof value !== 'object' || Array.isArray(value)) return
      expect(Object.keys(value)).toEqual(Object.keys(value).sort())
      Object.values(value).forEach(sorted)
    }
    sorted(JSON.parse(cell.canonical))
  })
})

describe('the sha256', () => {
  it('of the cell is that in its model and its recordings', () => {
    expect(cell.sha256).toBe('d2d8d273e54bd17e918ae855fb4f2aa46f030cdf173b9c7855b835407e4e1761')
  })

  it('is that of the translation text, so any tool can compute it', () => {
    expect(createHash('sha256').update(translationText(cell.canonical)).digest('hex')).toBe(cell.sha256)
  })

  it.each([
    ['a window', 'window: 33.333333 ms', 'window: 33 ms'],
    ['the pyramid', '128 ms, 256 ms', '128 ms'],
    ['the tick', '{ from: rgb }', '{ rate: 30 Hz }'],
    ['a wait', 'max_wait: 40 ms', 'max_wait: 41 ms'],
    ['a tare', 'tare: 200 ms', 'tare: 500 ms'],
    ['a selection', 'position.finger_joint', 'effort.finger_joint'],
    ['a gap', 'max_gap: 100 ms', 'max_gap: 99 ms'],
    ['the channels', /\n {2}arm: .*/, ''],
  ])('changes with %s', (_what, from, to) => {
    expect(changed(from, to).sha256).not.toBe(cell.sha256)
  })

  it.each([
    ['a port', 'port: { baud: 115200 }', 'port: { path: /dev/ttyUSB0, baud: 9600 }'],
    ['a driver', 'robotiq-2f85', 'robotiq-2f140'],
    ['a limit', 'speed: 0.35 m/s', 'speed: 0.1 m/s'],
    ['the name', 'robot: cell', 'robot: other'],
    ['the reset', 'topic: episode', 'topic: start'],
    ['the languages', 'robot: cell\n', 'robot: cell\nlanguages: [de]\n'],
    ['an action topic', 'topic: tool_target', 'topic: servo'],
    ['the namespace', 'robot: cell\n', 'robot: cell\nnamespace: /left\n'],
    ['a frame', '-160 mm', '-150 mm'],
    ['no frames', /\nframes:[^]*?\n\n/, '\n'],
  ])('does not change with %s', (_what, from, to) => {
    const other = changed(from, to)
    expect(other.sha256).toBe(cell.sha256)
    expect(other.canonical).not.toBe(cell.canonical)
    expect(describeDifference(cell.canonical, other.canonical)).toBe('')
  })
})

it('languages are in the canonical text only where the file names fewer than all, in one order', () => {
  const of = (line: string): { languages?: string[] } =>
    JSON.parse(parseRobot(cellText.replace('robot: cell\n', `robot: cell\n${line}`), 'cell.yaml').canonical) as {
      languages?: string[]
    }
  expect(of('').languages).toBeUndefined()
  expect(of('languages: [de, zh, en]\n').languages).toBeUndefined()
  expect(of('languages: [de, en]\n').languages).toEqual(['en', 'de'])
  expect(() => of('languages: [fr]\n')).toThrow(/languages.*'fr': no such language/)
  expect(() => of('languages: []\n')).toThrow(/at least one language/)
})

describe('the robot in a recording or a model', () => {
  const two = cellText.replace(
    'streams:\n',
    'streams:\n  a_marker: { topic: marker, type: geometry_msgs/msg/PoseStamped }\n',
  )
  const older = ({ canonical }: Robot): string => canonical.replace('"pose":"tool",', '')

  it('is the one that was written; in one that names no tool pose it is the first pose', () => {
    for (const text of [cellText, two]) {
      const robot = parseRobot(text, 'cell.yaml')
      expect(parseRecordedRobot(robot.canonical, 'bag')).toEqual(robot)
      const before = parseRecordedRobot(older(robot), 'bag')
      expect(before.actions.arm?.pose).toBe(text === two ? 'a_marker' : 'tool')
      expect(before.sha256).toBe(robot.sha256)
      expect(() => parseRobot(older(robot), 'a file')).toThrow(/^a file:1: actions\.arm\.pose: /)
    }
  })

  it('is refused as any other where it cannot be read', () => {
    expect(() => parseRecordedRobot('{', 'bag')).toThrow(/^bag/)
    expect(() => parseRecordedRobot('{"actions":{"arm":{}},"streams":{}}', 'bag')).toThrow(/^bag/)
  })
})

describe('the difference between two translations', () => {
  it('names the keys that differ with both values', () => {
    const other = changed(/tare: 200 ms,\n\s*align: { window: 33.333333 ms/, 'align: { window: 50 ms')
    expect(describeDifference(cell.canonical, other.canonical, ['the model', 'robots/cell.yaml'])).toBe(
      'streams.wrench.align.window: 0.033333333 in the model, 0.05 in robots/cell.yaml; ' +
        'streams.wrench.tare: 0.2 in the model, absent in robots/cell.yaml',
    )
  })
})

describe('a namespace', () => {
  const text = (more: string) => cellText.replace('robot: cell\n', `robot: cell\n${more}`)

  it('applies to relative topics alone; that of the file goes before that of the caller', () => {
    const left = parseRobot(cellText, 'cell.yaml', '/left')
    expect(left.streams.map(({ topic }) => topic)).toEqual(cell.streams.map(({ topic }) => `/left${topic}`))
    expect([left.reset?.topic, left.actions.arm?.topic]).toEqual(['/left/episode', '/left/tool_target'])
    const own = parseRobot(
      text('namespace: /a/b\n').replace('topic: wrist/wrench', 'topic: /wrist/wrench'),
      'cell.yaml',
      '/left',
    )
    expect(own.streams.find(({ name }) => name === 'wrench')?.topic).toBe('/wrist/wrench')
    expect(own.streams.find(({ name }) => name === 'rgb')?.topic).toBe('/a/b/camera/color/image_raw')
  })

  it('is no part of the translation: a model fits the robot in any namespace, and the canonical text keeps it', () => {
    const left = parseRobot(cellText, 'cell.yaml', '/left')
    expect(left.sha256).toBe(cell.sha256)
    expect(parseRobot(left.canonical, 'canonical')).toEqual(left)
    expect(parseRobot(left.canonical, 'canonical', '/right')).toEqual(left)
  })

  it.each(['left', '/left/', '/1', '//', '/le ft'])('%s is no namespace, and is refused in one line', name => {
    expect(() => parseRobot(text(`namespace: ${name}\n`), 'cell.yaml')).toThrow(
      /^cell\.yaml:\d+: namespace: '.*' is not a namespace such as \/left$/,
    )
  })
})
