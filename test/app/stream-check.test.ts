import { describe, expect, it } from 'vitest'
import { parseRobot } from '../../robots/robot-file.js'
import { StreamCheck, type Finding } from '../../app/inspection/stream-check.js'

const robot = parseRobot(
  `
robot: bench
tick: { from: rgb }
streams:
  rgb: { topic: /rgb, type: sensor_msgs/msg/Image }
  wrench: { topic: /wrench, type: geometry_msgs/msg/WrenchStamped, tare: 100 ms }
  voice: { topic: /voice, type: prehend_interfaces/msg/VoiceEvent }
`,
  'bench.yaml',
)

const MS = 1e6

function check(name: string, samples: readonly (readonly [stampMs: number, delayMs: number])[]): Finding[] {
  const stream = robot.streams.find(s => s.name === name)
  if (!stream) throw new Error(name)
  const one = new StreamCheck(stream, robot)
  for (const [stamp, delay] of samples)
    one.add(stamp === 0 ? NaN : stamp * MS, (stamp + delay) * MS, stamp === 0 ? 'zero_stamp' : undefined)
  return one.findings()
}

const every = (step: number, count: number, delay = 1): [number, number][] =>
  Array.from({ length: count }, (_, i) => [1000 + i * step, delay])

describe('what a recording lacks', () => {
  it('nothing, when the rates are enough', () => {
    expect(check('rgb', every(33, 30))).toEqual([])
    expect(check('wrench', every(1, 500))).toEqual([])
    expect(check('voice', [])).toEqual([])
  })

  it('a stream without messages', () => {
    expect(check('rgb', [])).toMatchObject([{ kind: 'missing', lacking: true, text: '/rgb has no messages' }])
  })

  it('a wrench too slow for its shortest window: two samples in 8 ms', () => {
    expect(check('wrench', every(4, 200))).toEqual([])
    expect(check('wrench', every(5, 200))).toMatchObject([
      { kind: 'slow', lacking: true, text: '200 Hz; window needs 250 Hz (a sample every 4 ms)' },
    ])
  })

  it('a camera whose brackets are wider than max_gap', () => {
    expect(check('rgb', every(125, 10)).map(f => [f.kind, f.text])).toEqual([
      ['slow', '8 Hz; nearest needs 10 Hz (a sample every 100 ms)'],
      ['gap', '9 gaps over 100 ms, the widest 125 ms'],
    ])
  })

  it('stamps that the source never wrote', () => {
    expect(check('rgb', [[0, 1000], ...every(33, 10)])).toMatchObject([
      { kind: 'unstamped', lacking: true, count: 1, text: '1 of 11 messages have no stamp; say timeline: receive' },
    ])
  })

  it('samples after the tare', () => {
    expect(check('wrench', every(1, 100))).toMatchObject([
      { kind: 'missing', text: 'nothing is left after the tare of 100 ms' },
    ])
  })
})

describe('findings that are only worth knowing have their stamps, and the recording lacks nothing', () => {
  const usual = every(33, 30)
  it.each([
    ['gap', usual.filter((_, i) => i < 10 || i > 13), [1297], '1 gap over 100 ms, the widest 165 ms'],
    [
      'late',
      usual.map(([t], i): [number, number] => [t, i === 3 ? 41 : 40]),
      [1099],
      '1 of 30 received over 40 ms (max_wait) after their stamp, at most 41 ms',
    ],
    [
      'out_of_order',
      [...usual.slice(0, 5), usual[6], usual[5], ...usual.slice(7)],
      [1165],
      '1 out of stamp order, by at most 33 ms',
    ],
    ['duplicate', [...usual.slice(0, 5), usual[4], ...usual.slice(5)], [1132], '1 stamp seen twice'],
    [
      'future',
      usual.map(([t], i): [number, number] => [t, i === 2 ? -3 : 0]),
      [1066],
      '1 received before their stamp, by at most 3 ms; clock: estimate mends that',
    ],
  ] as const)('%s', (kind, samples, stamps, text) => {
    expect(check('rgb', samples)).toEqual([
      { stream: 'rgb', kind, lacking: false, count: 1, text, stamps: stamps.map(t => t * MS) },
    ])
  })
})
