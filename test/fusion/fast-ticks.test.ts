import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import type { Compensation } from '../../fusion/compensation/compensation.js'
import type { Observation } from '../../fusion/observation.js'
import { ObservationDigest, observationLine } from '../../fusion/observation-line.js'
import { Epoch } from '../../fusion/stamp.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { depth, flat, grey, MS, random, rgb, robot, tool, voice, wrench } from './robots.js'

const PERIOD = 10 * MS
const FAST = ['wrench', 'voice', 'tool']

interface Push {
  readonly stream: string
  readonly stamp: number
  readonly receive: number
  readonly value: number
}
type Step = Push | { readonly reset: number }

/** Sensors with jitter, swapped samples, pauses of one of them, utterances, and sometimes an episode that begins. */
function steps(seed: number): Step[] {
  const rand = random(seed)
  const periods: Record<string, number> = { rgb: 33, depth: 33, wrench: 2, tool: 8, voice: 170 }
  const silent = FAST[Math.floor(rand() * 4)]
  const pushes: Push[] = Object.entries(periods).flatMap(([stream, period]) => {
    const delay = Math.floor(rand() * 12)
    return Array.from({ length: Math.floor(1500 / period) }, (_, i): Push[] => {
      const stamp = (1000 + i * period) * MS + Math.floor(rand() * MS)
      if (stream === silent && i > 300 / period && i < 900 / period) return []
      return [{ stream, stamp, receive: stamp + (delay + Math.floor(rand() * 6)) * MS, value: Math.round(rand() * 99) }]
    }).flat()
  })
  const all: Step[] = pushes.sort((a, b) => a.receive - b.receive)
  if (rand() < 0.5) all.splice(Math.floor(all.length / 2), 0, { reset: pushes[Math.floor(pushes.length / 2)].receive })
  return all
}

function feed(aligner: Aligner, spec: Robot, all: readonly Step[], rand?: () => number): void {
  for (const step of all) {
    const now = 'reset' in step ? step.reset : step.receive
    // However often it is asked, `advance` decides only how soon an observation is made.
    if (rand && rand() < 0.3) aligner.advance(now)
    if ('reset' in step) {
      aligner.reset(step.reset)
      continue
    }
    const { stream, stamp, receive, value } = step
    if (!spec.streams.some(({ name }) => name === stream)) continue
    const index = aligner.index(stream)
    if (stream === 'rgb') aligner.pushFrame(index, stamp, receive, grey(value))
    else if (stream === 'depth') aligner.pushFrame(index, stamp, receive, flat(500 + value))
    else if (stream === 'voice') aligner.pushEvent(index, stamp, receive, `e${value}`, 1)
    else if (stream === 'tool') aligner.pushVector(index, stamp, receive, [value, 0, 0, 0, 0, 0, 1])
    else aligner.pushVector(index, stamp, receive, [value, -value, 2 * value, 0, value * value, 1])
  }
  aligner.finish()
}

interface Both {
  readonly main: Observation[]
  readonly fast: Observation[]
  /** In the order in which they were emitted: m for a reference tick, f for a fast one. */
  readonly order: string
  readonly aligner: Aligner
}

function both(spec: Robot, all: readonly Step[], streams: readonly string[] = FAST, rand?: () => number): Both {
  const main: Observation[] = []
  const fast: Observation[] = []
  const order: string[] = []
  const aligner = new Aligner(
    spec,
    observation => {
      main.push(observation)
      order.push('m')
    },
    {
      fast: {
        period: PERIOD,
        streams,
        emit: observation => {
          fast.push(observation)
          order.push('f')
        },
      },
    },
  )
  feed(aligner, spec, all, rand)
  return { main, fast, order: order.join(''), aligner }
}

function alone(spec: Robot, all: readonly Step[]): Observation[] {
  const seen: Observation[] = []
  feed(new Aligner(spec, observation => seen.push(observation)), spec, all)
  return seen
}

const seeds = fc.integer({ min: 1, max: 1e6 })

test('the observations at reference ticks are the same with fast ticks and without', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed)
      const { main, fast } = both(robot(), all)
      expect(main).toEqual(alone(robot(), all))
      expect(fast.length).toBeGreaterThan(50)
    }),
    { numRuns: 12 },
  )
})

test('fast ticks are those of an aligner that has their streams alone and ticks at their rate', () => {
  const apart = robot([wrench, voice, tool], { tick: { period: PERIOD } })
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed)
      const { fast, aligner } = both(robot(), all)
      const want = alone(apart, all)
      expect(fast).toEqual(want.map((each, i) => ({ ...each, after: fast[i]?.after })))
      expect(aligner.counters.fast?.observations).toBe(want.length)
      expect(aligner.counters.fast?.incomplete).toBe(
        want.filter(({ mask }) => mask.force === 0 || mask.proprioception === 0).length,
      )
    }),
    { numRuns: 12 },
  )
})

test('fast ticks do not wait for the first event, wherever the robot file has that stream', () => {
  const after = (ms: number) => (each: Step) => 'reset' in each || each.stream !== 'voice' || each.stamp > ms * MS
  const all = steps(5).filter(after(1500))
  const { fast } = both(robot([rgb, depth, voice, wrench, tool]), all)
  const stamps = (each: readonly Observation[]) => each.map(({ stamp }) => stamp)
  expect(stamps(fast)).toEqual(stamps(both(robot([rgb, depth, wrench, voice, tool]), all).fast))
  expect(fast[0]?.stamp).toBeLessThan(1100 * MS)
  const silent = all.filter(after(Infinity))
  expect(both(robot([rgb, depth, voice, wrench, tool]), silent).fast.length).toBeGreaterThan(50)
})

test('the order of the two sequences does not depend on when the aligner is asked', () => {
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed)
      const [once, often] = [both(robot(), all), both(robot(), all, FAST, random(seed + 1))]
      expect(often.order).toBe(once.order)
      expect(often.fast).toEqual(once.fast)
      expect(once.fast.map(({ after }) => after)).toEqual(
        [...once.order].flatMap((letter, i) =>
          letter === 'f' ? [[...once.order.slice(0, i)].filter(each => each === 'm').length] : [],
        ),
      )
    }),
    { numRuns: 12 },
  )
})

test('a digest of fast ticks says their order among the reference ticks', () => {
  const { fast } = both(robot(), steps(7))
  const sum = (all: readonly Observation[]): string => {
    const digest = new ObservationDigest()
    for (const each of all) digest.add(each)
    return digest.digest()
  }
  const moved = fast.map((each, i) => (i === 9 ? { ...each, after: each.after! + 1 } : each))
  expect(sum(fast)).toBe(sum(both(robot(), steps(7)).fast))
  expect(sum(moved)).not.toBe(sum(fast))
  const epoch = new Epoch(0)
  const lines = fast.slice(0, 2).map(each => observationLine(robot(), each, epoch, new Map()))
  expect(lines.map(({ after, rgbSha256 }) => [after, rgbSha256])).toEqual([
    [fast[0].after, null],
    [fast[1].after, null],
  ])
})

test('of two ticks that one sample completes, the reference tick comes first', () => {
  const spec = robot([rgb, tool])
  // Both wait for a pose at or after 1010 ms.
  const { order, fast, main } = both(
    spec,
    [
      { stream: 'tool', stamp: 1000 * MS, receive: 1000 * MS, value: 1 },
      { stream: 'rgb', stamp: 1009 * MS, receive: 1010 * MS, value: 1 },
      { stream: 'tool', stamp: 1012 * MS, receive: 1012 * MS, value: 2 },
    ],
    ['tool'],
  )
  expect(order).toBe('fmf')
  expect(main.map(({ stamp }) => stamp)).toEqual([1009 * MS])
  expect(fast.map(({ stamp, emitted, after }) => [stamp, emitted, after])).toEqual([
    [1000 * MS, 1000 * MS, 0],
    [1010 * MS, 1012 * MS, 1],
  ])
})

test('a fast tick does not take a wrench sooner that waits for its orientation', () => {
  const compensate: Compensation = {
    orientation: 'tool',
    mass: 1,
    centre: [0, 0, 0.1],
    forceBias: [0, 0, 0],
    torqueBias: [0, 0, 0],
    mount: { xyz: [0, 0, 0], rpy: [0, 0, 0] },
    gravity: [0, 0, -9.81],
    maxAge: 50 * MS,
  }
  const streams: Stream[] = [rgb, depth, { ...wrench, compensate }, voice, tool]
  fc.assert(
    fc.property(seeds, seed => {
      const all = steps(seed)
      const { main, fast } = both(robot(streams), all)
      expect(main).toEqual(alone(robot(streams), all))
      expect(fast.length).toBeGreaterThan(50)
    }),
    { numRuns: 12 },
  )
})

test('a stream that the robot does not have is refused by its name', () => {
  const fast = { period: PERIOD, streams: ['wrist'], emit: () => undefined }
  expect(() => new Aligner(robot(), () => undefined, { fast })).toThrow('stream wrist: robot test has rgb')
})
