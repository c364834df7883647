import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aligner, type AlignerOptions } from '../../fusion/aligner.js'
import { occurred } from '../../fusion/counters.js'
import type { Observation } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { depth, flat, grey, MS, random, rgb, robot, tool, voice, wrench } from './robots.js'

const STREAMS = [rgb, depth, wrench, voice, tool]
const RGB = 0,
  DEPTH = 1,
  WRENCH = 2,
  VOICE = 3

interface Push {
  readonly stream: number
  readonly stamp: number
  readonly receive: number
  readonly value: number
}

function run(
  pushes: readonly Push[],
  spec: Robot,
  options: AlignerOptions = {},
): { all: Observation[]; aligner: Aligner } {
  const all: Observation[] = []
  const aligner = new Aligner(spec, observation => all.push(observation), options)
  for (const { stream, stamp, receive, value } of [...pushes].sort((a, b) => a.receive - b.receive)) {
    if (stream === RGB) aligner.pushFrame(stream, stamp, receive, grey(value))
    else if (stream === DEPTH) aligner.pushFrame(stream, stamp, receive, flat(1000 + value))
    else if (stream === VOICE) aligner.pushEvent(stream, stamp, receive, String(value), 1)
    else
      aligner.pushVector(stream, stamp, receive, stream === WRENCH ? [value, 0, 0, 0, 0, 0] : [value, 0, 0, 0, 0, 0, 1])
  }
  aligner.finish()
  return { all, aligner }
}

/**
 * A bag of `length` ms that is played `times` times. Stamps begin again in each turn, arrivals go on. The values tell
 * the turn.
 */
function loops(length: number, times: number, latency: readonly number[]): Push[] {
  const pushes: Push[] = []
  for (let turn = 0; turn < times; turn++) {
    for (const [stream, period] of [33, 33, 1, 150, 10].entries()) {
      for (let ms = 0; ms < length; ms += period) {
        pushes.push({
          stream,
          stamp: (5000 + ms) * MS,
          receive: (5000 + turn * length + ms) * MS + Math.round((latency[stream] ?? 0) * MS),
          value: 10 + turn,
        })
      }
    }
  }
  return pushes
}

/** The turns whose values are in an observation. */
function turnsOf({ values }: Observation): number[] {
  const turns = new Set<number>()
  for (const value of values.values()) {
    if (value?.kind === 'image' || value?.kind === 'vector') turns.add(value.data[0] as number)
    if (value?.kind === 'depth') turns.add((value.data[0] as number) - 1000)
    if (value?.kind === 'events') for (const { text } of value.events) turns.add(Number(text))
    if (value?.kind === 'window') {
      if (value.count > 0) turns.add(value.mean[0] as number)
      for (let w = 0; w < 6; w++)
        if ((value.pyramid[4 * w + 2] as number) > 0) turns.add(value.pyramid[4 * w + 2] as number)
    }
  }
  return [...turns]
}

test('a jump of time begins another episode of what policies remember', () => {
  const { all, aligner } = run(loops(900, 4, [0, 0, 0, 0, 0]), robot(STREAMS))
  expect(aligner.counters.jumps).toBe(3)
  for (const observation of all) expect(turnsOf(observation)).toEqual([10 + observation.episode])
  expect(new Set(all.map(({ episode }) => episode)).size).toBe(4)
})

describe('a step back of all streams is a jump, however short', () => {
  test.each([300, 500, 900, 1700])(
    'a bag of %i ms that is played in a loop loses a picture or two per turn, and no observation mixes two turns',
    length => {
      fc.assert(
        fc.property(fc.integer(), seed => {
          const rand = random(seed)
          const latency = [20, 25, 0.5, 5, 3].map(most => most * rand())
          const { all, aligner } = run(loops(length, 5, latency), robot(STREAMS))
          expect(aligner.counters.jumps).toBe(4)
          expect(all.length).toBeGreaterThanOrEqual(5 * (Math.ceil(length / 33) - 2))
          for (const observation of all) expect(turnsOf(observation)).toHaveLength(1)
        }),
        { numRuns: 10 },
      )
    },
  )

  test('a camera alone shows each turn by a picture or two', () => {
    const { all, aligner } = run(
      loops(800, 5, [5]).filter(({ stream }) => stream === RGB),
      robot([rgb]),
    )
    expect(aligner.counters.jumps).toBe(4)
    expect(all.length).toBeGreaterThanOrEqual(125 - 8)
  })

  test.each([500, 900, 1700])(
    'a bag of %i ms with a camera that is 0.3 s late does not mix two turns either',
    length => {
      const { all, aligner } = run(loops(length, 5, [300, 20, 0.5, 5, 3]), robot(STREAMS, { maxWait: 100 * MS }))
      expect(aligner.counters.jumps).toBe(4)
      // Nine pictures are on their way when time jumps.
      expect(all.length).toBeGreaterThanOrEqual(5 * Math.ceil(length / 33) - 4 * (9 + 2))
      for (const observation of all) expect(turnsOf(observation)).toHaveLength(1)
    },
  )

  test.each([0.1, 0.25, 0.5, 2, 4])(
    'a simulator at %f times real time, recorded by the wall clock, with cameras alone and with all streams',
    pace => {
      for (const only of [
        [RGB, DEPTH],
        [RGB, DEPTH, WRENCH, VOICE, 4],
      ]) {
        const pushes = loops(900, 5, [5, 8, 0.5, 5, 3])
          .filter(({ stream }) => only.includes(stream))
          .map(push => ({ ...push, receive: 1000 * MS + Math.round(push.receive / pace) }))
        const { all, aligner } = run(
          pushes,
          robot(STREAMS.slice(0, only.length), { maxWait: 400 * MS, maxSilence: 1000 * MS }),
          { otherClock: true },
        )
        expect([pace, only.length, aligner.counters.jumps]).toEqual([pace, only.length, 4])
        expect(aligner.counters.dropped.future).toBe(0)
        expect(all.length).toBeGreaterThanOrEqual(5 * (28 - 4))
        for (const observation of all) expect(turnsOf(observation)).toHaveLength(1)
      }
    },
  )

  test.each([5, 10, 50])('a stream of bursts alone, read every %i ms', period => {
    const pushes: Push[] = []
    for (let ms = 0; ms < 3000; ms++) {
      const at = Math.ceil((ms + 1) / period) * period
      pushes.push({ stream: 0, stamp: (5000 + at - (at > 1500 ? 700 : 0)) * MS, receive: (5000 + at) * MS, value: ms })
    }
    const { all, aligner } = run(
      pushes.map(push => ({ ...push, stream: WRENCH })),
      robot(STREAMS, { tick: { from: 'wrench' }, maxSilence: 1 }),
    )
    expect(aligner.counters.jumps).toBe(1)
    expect(aligner.counters.dropped.late).toBeLessThanOrEqual(3 * Math.max(30, period))
    expect(all.length).toBeGreaterThan(3000 / period - 4 - 60 / period)
  })

  test.each([
    ['three samples, one after the other', (n: number) => (n % 100 < 3 ? 250 + (n % 700) : 0)],
    ['every second sample', (n: number) => (n % 2) * 500],
    ['three of each four', (n: number) => (n % 4 > 0 ? 300 : 0)],
  ])('no jump: %s, 0.2 to 1 s late among newer ones', (_, lateness) => {
    for (const stream of [RGB, DEPTH, WRENCH, 4]) {
      let n = 0
      const pushes = loops(5000, 1, [5, 8, 0.5, 5, 3]).flatMap(push =>
        push.stream === stream && lateness(++n) > 0 && push.stamp < 9000 * MS
          ? [push, { ...push, stamp: push.stamp - lateness(n) * MS - MS / 2, receive: push.receive + 1 }]
          : [push],
      )
      const { all, aligner } = run(pushes, robot(STREAMS))
      expect([stream, aligner.counters.jumps]).toEqual([stream, 0])
      expect(all.length).toBe(152)
      expect(aligner.counters.dropped.late).toBeGreaterThan(0)
    }
  })

  test('samples that are only out of order or late are no jump', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const rand = random(seed)
        const pushes = loops(3000, 1, [300, 20, 0.5, 5, 3]).map(push => ({
          ...push,
          receive:
            push.receive +
            Math.round(rand() * (push.stream === RGB ? 0 : 150) * MS) +
            (push.stream > RGB && push.stamp < 7000 * MS && rand() < 0.01 ? 450 * MS : 0),
        }))
        const { all, aligner } = run(pushes, robot(STREAMS, { maxWait: 400 * MS }))
        expect(aligner.counters.jumps).toBe(0)
        expect(all.length).toBe(91)
      }),
      { numRuns: 20 },
    )
  })
})

describe('one odd stamp costs one sample', () => {
  const oneTurn = loops(2000, 1, [5, 5, 0.5, 5, 3])
  const odd: [string, number, number, number][] = []
  for (const [what, by] of [
    ['0.3 s ahead', 300],
    ['0.9 s ahead', 900],
    ['a day ahead', 86_400_000],
    ['0.9 s behind', -900],
    ['an hour behind', -3_600_000],
  ] as const) {
    for (const stream of [RGB, WRENCH]) for (const at of [0, 40]) odd.push([what, stream, at, by])
  }
  test.each(odd)('%s, of stream %i, at its sample %i', (_, stream, at, by) => {
    const target = oneTurn.filter(push => push.stream === stream)[at]
    const { all, aligner } = run(
      oneTurn.map(push => (push === target ? { ...push, stamp: push.stamp + by * MS } : push)),
      robot(STREAMS),
    )
    const lost = Object.values(occurred(aligner.counters.dropped)).reduce((sum, count) => sum + count, 0)
    expect([aligner.counters.jumps, lost <= 1]).toEqual([0, true])
    expect(all.length).toBeGreaterThanOrEqual(60)
    expect(all.filter(({ mask }) => mask.force === 1).length).toBeGreaterThanOrEqual(59)
  })

  test.each([200, 250, 300, 330])('%i ms ahead, of a camera that is 0.3 s late', ahead => {
    for (const [stream, ticks] of [
      [RGB, 'rgb'],
      [DEPTH, 'depth'],
    ] as const)
      for (const from of ['rgb', 'depth']) {
        const pushes = loops(4000, 1, [5, 5, 0.5, 5, 3]).map(push =>
          push.stream === stream ? { ...push, receive: push.receive + 300 * MS } : push,
        )
        const target = pushes.filter(push => push.stream === stream)[50]
        const { all, aligner } = run(
          pushes.map(push => (push === target ? { ...push, stamp: push.stamp + ahead * MS } : push)),
          robot(STREAMS, { tick: { from }, maxWait: 400 * MS }),
        )
        const lost = Object.values(occurred(aligner.counters.dropped)).reduce((sum, count) => sum + count, 0)
        expect([ticks, from, aligner.counters.jumps, lost <= 1]).toEqual([ticks, from, 0, true])
        expect(all.length).toBeGreaterThanOrEqual(121)
      }
  })

  test.each([5, 10, 20, 50])(
    'a clock that steps %i times a second costs one picture; after it is gone odd stamps are found again',
    rate => {
      const step = 1000 / rate
      const coarse = loops(60_000, 1, [1]).filter(({ stream }) => stream === RGB)
      const pushes = coarse.map(push =>
        push.stamp < 30_000 * MS ? { ...push, receive: Math.floor(push.receive / step / MS) * step * MS } : push,
      )
      const { all, aligner } = run(pushes, robot([rgb]))
      expect(aligner.counters.dropped.future).toBeLessThanOrEqual(1)
      expect(all.length).toBeGreaterThanOrEqual(coarse.length - 1)
      const odd = run(
        pushes.map((push, n) => (n === 1800 ? { ...push, stamp: push.stamp + 60 * MS } : push)),
        robot([rgb]),
      ).aligner
      expect(odd.counters.dropped.future).toBe(aligner.counters.dropped.future + 1)
    },
  )

  test('no stamp of another clock that gains on the arrivals for minutes is odd; one that is an hour ahead is', () => {
    const gaining = loops(20_000, 1, [5, 5, 0.5, 5, 3]).map(push => ({
      ...push,
      receive: Math.round(push.receive / 1.5),
    }))
    expect(occurred(run(gaining, robot(STREAMS), { otherClock: true }).aligner.counters.dropped)).toEqual({})
    for (const stream of [RGB, WRENCH]) {
      const target = gaining.filter(push => push.stream === stream)[100]
      const { aligner } = run(
        gaining.map(push => (push === target ? { ...push, stamp: push.stamp + 3_600_000 * MS } : push)),
        robot(STREAMS),
        { otherClock: true },
      )
      expect(occurred(aligner.counters.dropped)).toEqual({ future: 1 })
    }
  })

  test('a source whose stamps are always ahead loses only its first sample', () => {
    const { all, aligner } = run(
      oneTurn.map(push => (push.stream === WRENCH ? { ...push, stamp: push.stamp + 300 * MS } : push)),
      robot(STREAMS),
    )
    expect(occurred(aligner.counters.dropped)).toEqual({ future: 1 })
    expect(all.length).toBe(61)
  })
})
