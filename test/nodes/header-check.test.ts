import { describe, expect, it } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { occurred } from '../../fusion/counters.js'
import { LocalBus } from '../../middleware/local/local-bus.js'
import { SteppedClock } from '../../middleware/local/stepped-clock.js'
import { FusionNode } from '../../nodes/fusion-node.js'
import { HeaderCheck } from '../../nodes/intake/header-check.js'
import { SourceTime } from '../../nodes/intake/source-time.js'
import { StreamFeed } from '../../nodes/intake/stream-feed.js'
import { MS, rgb, robot, wrench } from '../fusion/robots.js'

/** Which of the frame ids are accepted (1), and the notices. */
function checked(frameIds: readonly string[]): [string, string[]] {
  const said: string[] = []
  const check = new HeaderCheck({ onNotice: text => said.push(text) })
  return [frameIds.map(frameId => (check.fault({ stamp: 1, frameId }) === undefined ? 1 : 0)).join(''), said]
}

describe('frame ids', () => {
  it.each([
    [
      'one odd message first, without a frame_id',
      ['', 'a', 'a', 'a', 'a'],
      '10111',
      ['frame_id was "", then "a" from then on: the change is followed'],
    ],
    ['one odd message in the middle', ['a', 'a', 'b', 'a', 'a'], '11011', []],
    ['odd messages here and there', ['a', 'b', 'a', 'c', 'a', 'b', 'a'], '1010101', []],
    [
      'a frame that changes for good',
      ['a', 'a', 'b', 'b', 'b'],
      '11011',
      ['frame_id was "a", then "b" from then on: the change is followed'],
    ],
    [
      'a name that changes always',
      ['a1', 'a2', 'a3', 'a4', 'a5', 'a5', 'a1'],
      '1011111',
      ['frame_id was "a1", then "a2", then "a3": it changes from message to message and is looked at no more'],
    ],
  ])('%s cost one message', (_, ids, taken, said) => {
    expect(checked(ids)).toEqual([taken, said])
  })

  it('that change to and fro cost a few messages, and each change is told once', () => {
    for (const pattern of ['ab', 'aabb', 'aaab', 'aaaaaaaaab', 'aaabbbbb']) {
      const [taken, said] = checked(Array.from({ length: 2000 }, (_, i) => pattern[i % pattern.length] as string))
      expect([pattern, taken.split('0').length - 1]).toEqual([
        pattern,
        pattern === 'aabb' || pattern === 'aaabbbbb' ? 6 : 3,
      ])
      expect(said.slice(-1)).toEqual([
        expect.stringMatching(/^frame_id changes to and fro, "[ab]" and "[ab]": messages of both are used$/),
      ])
      expect(said.length).toBeLessThanOrEqual(2)
    }
  })

  it('of any length and number give few and short notices', () => {
    const [, said] = checked(Array.from({ length: 20_000 }, (_, i) => `${'x'.repeat(5000)}${Math.floor(i / 2)}`))
    expect(said.length).toBeLessThanOrEqual(3)
    for (const text of said) expect(text.length).toBeLessThan(400)
    const [some, told] = checked(Array.from({ length: 20_000 }, (_, i) => `frame ${Math.floor(i / 2) % 40}`))
    expect([some.slice(-100).includes('00'), told.length <= 3]).toEqual([false, true])
  })

  it('that are numbers are counters, for which no message is dropped', () => {
    expect(checked(['4711', '4712', '4713', '4711'])).toEqual([
      '1111',
      ['frame_id was "4711", then "4712": it changes from message to message and is looked at no more'],
    ])
  })

  it('are told with the stream and its topic, and count at the aligner', () => {
    const spec = robot([rgb, wrench])
    const aligner = new Aligner(spec, () => undefined)
    const said: string[] = []
    const push = new StreamFeed(spec, aligner, text => said.push(text)).push(1)
    for (let i = 0; i < 2000; i++)
      push({ stamp: (1000 + i) * MS, frameId: i === 0 ? '' : 'ft', wrench: new Float64Array(6) }, (1000 + i) * MS)
    const { accepted, dropped } = aligner.counters.streams.get('wrench') ?? {
      accepted: 0,
      dropped: aligner.counters.dropped,
    }
    expect([accepted, occurred(dropped)]).toEqual([1999, { frame_id: 1 }])
    expect(said).toEqual(['stream wrench (/wrench): frame_id was "", then "ft" from then on: the change is followed'])
  })

  it(
    'from before a clean-up are forgotten by the fusion node, those from before a deactivation are ' + 'not',
    async () => {
      const bus = new LocalBus(new SteppedClock(1e9))
      const node = new FusionNode({ bus, robot: robot([rgb, wrench]), policy: undefined, inferenceLatency: 0 })
      const driver = bus.advertise('/wrench', 'geometry_msgs/msg/WrenchStamped')
      let stamp = 1e9
      const say = (frameId: string): void =>
        driver.publish({ stamp: (stamp += MS), frameId, wrench: new Float64Array(6) })
      const counts = (): number[] => [
        node.aligner.counters.streams.get('wrench')?.accepted ?? -1,
        node.aligner.counters.dropped.frame_id,
      ]
      await node.configure()
      await node.activate()
      say('left')
      await node.deactivate()
      await node.activate()
      say('right')
      expect(counts()).toEqual([1, 1])
      await node.deactivate()
      await node.cleanup()
      await node.configure()
      await node.activate()
      say('right')
      say('right')
      expect(counts()).toEqual([3, 1])
    },
  )
})

it(
  'the time of a source is exact for a clock of any year, and goes on further back where the clock ' + 'begins again',
  () => {
    const source = new SourceTime()
    const far = (sec: number, nanosec: number): number =>
      source.of({ stamp: -Infinity, far: { sec, nanosec }, frameId: '' })
    const [a, b, c] = [far(37, 999_999_999), far(38, 0), far(38, 1)]
    expect([b - a, c - b]).toEqual([1, 1])
    const later = [far(2_000_000_000, 5), far(2_000_000_001, 4)]
    expect(later[1] - later[0]).toBe(999_999_999)
    expect(later[0]).toBeLessThan(a - 86_000e9)
    expect(far(38, 2)).toBeLessThan(later[0] - 86_000e9)
  },
)
