import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replayBag } from '../../app/replay/replay-bag.js'
import { StreamCheck } from '../../app/inspection/stream-check.js'
import { describeRobot } from '../../app/robot/describe-robot.js'
import { STRATEGIES } from '../../fusion/align/strategies.js'
import { MISSING, present, type Strategy, type StrategyDeclaration } from '../../fusion/align/strategy.js'
import { ms } from '../../fusion/stamp.js'
import type { VectorRing } from '../../fusion/vector-ring.js'
import type { BagMessage } from '../../middleware/bag/bag.js'
import { encode } from '../../middleware/cdr/codecs.js'
import { parseRobot } from '../../robots/robot-file.js'
import { robotJsonSchema } from '../../robots/schema.js'

const MS = 1e6

// The strategy's file: the type of its options, its declaration, and its computation.

declare module '../../fusion/align/align.js' {
  interface Aligns {
    median: { readonly span: number; readonly least: number }
  }
}

const median: StrategyDeclaration<'median', 'ring'> = {
  name: 'median',
  modalities: ['proprioception'],
  reads: 'ring',
  waits: false,
  options: {
    span: {
      key: 'median',
      kind: 'time',
      range: ['1 ms', '10 s'],
      example: '50 ms',
      what: 'a span',
      note: 'Span of the median before the tick.',
    },
    least: { key: 'least', kind: 'count', most: 100, default: 3, note: 'Samples that it needs. Default 3.' },
  },
  documentation: { written: '`{ median: 50 ms, least: 3 }`', meaning: 'the median of each value' },
  describe: ({ span, least }) => `median of ${ms(span)}, from at least ${least} samples`,
  reach: ({ span }) => span,
  longestStep: ({ span, least }) => span / least,
  make: (ring, options) => new Median(ring, options),
}

class Median implements Strategy {
  readonly rebuilds = 0
  readonly #ring: VectorRing
  readonly #span: number
  readonly #least: number
  readonly #sample: Float64Array

  constructor(ring: VectorRing, { span, least }: { span: number; least: number }) {
    this.#ring = ring
    this.#span = span
    this.#least = least
    this.#sample = new Float64Array(ring.width)
  }

  brackets(): boolean {
    return true
  }

  value(tick: number) {
    const ring = this.#ring
    const [first, end] = [ring.after(tick - this.#span), ring.after(tick)]
    if (end - first < this.#least) return MISSING
    const data = new Float64Array(ring.width).map((_, axis) => {
      const values = Array.from({ length: end - first }, (_, i) => ring.copyAt(first + i, this.#sample)[axis]!)
      return values.sort((a, b) => a - b)[values.length >> 1]!
    })
    return present({ kind: 'vector', data }, tick, ring.stampAt(end - 1), 0, end - first)
  }

  disturb(): void {}
  clear(): void {}
}

const robotOf = (align: string) =>
  parseRobot(
    `robot: one
tick: { period: 100 ms }
streams:
  joints: { topic: /joints, type: sensor_msgs/msg/JointState, select: [position.a], align: ${align} }
`,
    'one.yaml',
  )

describe('an alignment strategy in one file outside the tree', () => {
  // The line that registers it.
  beforeAll(() => STRATEGIES.set('median', median) && undefined)
  afterAll(() => STRATEGIES.delete('median') && undefined)

  test('is read from a robot file, with its defaults, and in its canonical text, which gives the same robot', () => {
    const robot = robotOf('{ median: 50 ms }')
    expect(robot.streams[0]!.align).toEqual({ strategy: 'median', span: 50 * MS, least: 3 })
    const { streams } = JSON.parse(robot.canonical) as { streams: Record<string, object> }
    expect(streams['joints']).toMatchObject({ align: { median: 0.05, least: 3 } })
    expect(streams['joints']).not.toHaveProperty('max_gap')
    expect(parseRobot(robot.canonical, 'canonical')).toEqual(robot)
    expect(robotOf('{ median: 50 ms, least: 4 }').sha256).not.toBe(robot.sha256)
  })

  test.each([
    ['{ median: 1 hour }', 'joints.align.median: got "1 hour", must be from 1 ms to 10 s'],
    ['median', 'joints.align: median needs a span: align: { median: 50 ms }'],
    ['{ least: 3 }', 'joints.align.least: belongs to a median: align: { median: 50 ms, least: … }'],
    ['{ asof: 5 ms, least: 3 }', 'joints.align.least: belongs to a median, this is asof'],
    ['{ median: 5 ms, pyramid: [1 ms] }', 'joints.align.pyramid: belongs to a window, this is median'],
    [
      '{ median: 5 ms, asof: 3 ms }',
      'joints.align: say one of window, events, asof, series, median, got asof and median',
    ],
    ['medain', "joints.align: 'medain': no such strategy, did you mean 'median'?"],
    [
      'events',
      'events does not fit sensor_msgs/msg/JointState; say interpolate, nearest, hold, window, asof, series, median',
    ],
  ])('its mistakes are said as those of any other: %s', (align, message) => {
    expect(() => robotOf(align)).toThrow(message)
  })

  test('is in the schema for editors and in the description of a robot', () => {
    expect(robotJsonSchema()).toContain('Span of the median before the tick.')
    expect(describeRobot(robotOf('{ median: 50 ms }')).join('\n')).toContain('median of 50 ms, from at least 3 samples')
  })

  test('says what rate it needs and which gaps it bridges', () => {
    const robot = robotOf('{ median: 60 ms }')
    const check = new StreamCheck(robot.streams[0]!, robot)
    for (let i = 0; i < 20; i++) check.add(i * 40 * MS, i * 40 * MS)
    expect(check.findings().map(({ kind, text }) => [kind, text])).toEqual([
      ['slow', '25 Hz; median needs 50 Hz (a sample every 20 ms)'],
      ['gap', '19 gaps over 20 ms, the widest 40 ms'],
    ])
  })

  test('aligns a recording', async () => {
    const messages = Array.from({ length: 60 }, (_, i): BagMessage => {
      const stamp = 1e9 + i * 10 * MS
      const position = Float64Array.of(i % 5 === 0 ? 1000 : i)
      const message = { stamp, frameId: '', name: ['a'], position, velocity: position, effort: position }
      const type = 'sensor_msgs/msg/JointState'
      return { topic: '/joints', type, receive: stamp, data: encode(type, message, 0) }
    })
    const values: (number | undefined)[] = []
    await replayBag({
      bag: {
        epochSec: 0,
        async *batches() {
          yield messages
          return undefined
        },
      },
      robot: robotOf('{ median: 50 ms }'),
      rate: 'max',
      onObservation: ({ stamp, values: all }) => {
        const value = all.get('joints')
        expect((stamp - 1e9) % (100 * MS)).toBe(0)
        values.push(value?.kind === 'vector' ? value.data[0] : undefined)
      },
    })
    // Of samples n - 4 to n, of which n reads 1000: the third smallest is n - 2.
    expect(values).toEqual([undefined, 8, 18, 28, 38, 48])
  })
})
