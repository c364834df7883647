import { describe, expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { occurred } from '../../fusion/counters.js'
import type { Observation, WindowValue } from '../../fusion/observation.js'
import { ClockModel } from '../../fusion/clock-model.js'
import { VectorRing } from '../../fusion/vector-ring.js'
import { grey, MS, PYRAMID, rgb, robot, stream, wrench } from './robots.js'

interface Sample {
  readonly stamp: number
  readonly receive: number
  readonly value: number
}

/**
 * A sensor at 1 kHz whose samples come eight at a time, all with the time of reading as stamp. Every sixth of eight is
 * a peak.
 */
function read(count: number, value = (i: number): number => (i % 8 === 5 ? 20 : 1)): Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const stamp = (1000 + 8 * (Math.floor(i / 8) + 1)) * MS
    return { stamp, receive: stamp + 100_000 + (i % 8) * 20_000, value: value(i) }
  })
}

function run(
  samples: readonly Sample[],
  ticks: readonly number[],
  spec = robot([rgb, wrench]),
): { all: Observation[]; aligner: Aligner } {
  const all: Observation[] = []
  const aligner = new Aligner(spec, observation => all.push(observation))
  const pushes = [
    ...samples.map(sample => ({ ...sample, frame: false })),
    ...ticks.map(stamp => ({ stamp, receive: stamp + MS, value: 0, frame: true })),
  ]
  for (const { stamp, receive, value, frame } of pushes.sort((a, b) => a.receive - b.receive)) {
    if (frame) aligner.pushFrame(0, stamp, receive, grey(1))
    else aligner.pushVector(1, stamp, receive, [value, 0, 0, 0, 0, 0])
  }
  aligner.finish()
  return { all, aligner }
}

const ticks = Array.from({ length: 48 }, (_, i) => Math.round((1000 + (i * 1000) / 30) * MS))

/**
 * Mean, population standard deviation, peak and slope per second over the samples in (tick - length, tick], from their
 * definitions.
 */
function statistics(samples: readonly Sample[], tick: number, length: number): number[] {
  const inside = samples.filter(({ stamp }) => stamp > tick - length && stamp <= tick)
  if (inside.length === 0) return [0, 0, 0, 0]
  const average = (of: (sample: Sample) => number): number =>
    inside.reduce((sum, sample) => sum + of(sample), 0) / inside.length
  const mean = average(({ value }) => value)
  const time = average(({ stamp }) => (stamp - tick) / 1e9)
  const spread = average(({ stamp }) => ((stamp - tick) / 1e9 - time) ** 2)
  const slope =
    spread > 1e-15 ? average(({ stamp, value }) => ((stamp - tick) / 1e9 - time) * (value - mean)) / spread : 0
  return [
    mean,
    Math.sqrt(average(({ value }) => (value - mean) ** 2)),
    Math.max(...inside.map(({ value }) => Math.abs(value))),
    slope,
  ]
}

describe('samples with one stamp and different values are a burst', () => {
  test('every sample counts, equal ones too: mean 3.375 and peak 20 where one of eight is 20 N and the others 1 N', () => {
    const samples = read(1600)
    const { all, aligner } = run(samples, ticks)
    expect(occurred(aligner.counters.dropped)).toEqual({})
    expect(aligner.counters.streams.get('wrench')?.accepted).toBe(1600)
    for (const { stamp, values } of all.slice(2, 38)) {
      const { mean, count } = values.get('wrench') as WindowValue
      expect([32, 40]).toContain(count)
      expect(mean[0]).toBeCloseTo(3.375, 12)
      expect(count).toBe(samples.filter(({ stamp: at }) => at > stamp - 33_333_333 && at <= stamp).length)
    }
    expect(
      all.slice(2, 40).filter(({ values }) => (values.get('wrench') as WindowValue).count === 32).length,
    ).toBeGreaterThan(30)
  })

  test('the pyramid equals its definition, and a window of one stamp has slope 0', () => {
    const samples = read(1600, i => Math.sin(i) * 5 + i / 300)
    const { all } = run(samples, ticks)
    for (const { stamp, values } of all.slice(10, -2)) {
      const { pyramid } = values.get('wrench') as WindowValue
      PYRAMID.forEach((length, w) =>
        statistics(samples, stamp, length).forEach((wanted, s) => expect(pyramid[4 * w + s]).toBeCloseTo(wanted, 6)),
      )
      expect(pyramid[3]).toBe(0)
    }
  })

  test('a tick at the stamp of a burst has all its samples, however they arrive', () => {
    const samples = read(80)
    const tick = 1040 * MS
    const { all } = run(
      samples.map(sample =>
        sample.stamp === tick ? { ...sample, receive: sample.receive + (sample.value === 20 ? 5 * MS : 0) } : sample,
      ),
      [tick],
    )
    expect((all[0]?.values.get('wrench') as WindowValue).count).toBe(
      samples.filter(({ stamp }) => stamp > tick - 33_333_333 && stamp <= tick).length,
    )
  })

  test('the same holds on an estimated clock', () => {
    const spec = robot([rgb, stream('wrench', 'force', wrench.type, wrench.align, { clock: 'estimate' })])
    const { all } = run(
      read(1600).map(sample => ({ ...sample, stamp: sample.stamp - 900_000 * MS })),
      ticks,
      spec,
    )
    for (const { values } of all.slice(2, -2))
      expect((values.get('wrench') as WindowValue).mean[0]).toBeCloseTo(3.375, 12)
    const clock = new ClockModel()
    expect(
      [5, 5, 5, 13, 13]
        .map((stamp, i) => clock.correct(stamp * MS, 2000 * MS + i * MS))
        .map((at, i, list) => at === list[i - 1]),
    ).toEqual([false, true, true, false, true])
  })

  test('a reset forgets the burst', () => {
    const aligner = new Aligner(robot([rgb, wrench]), () => undefined)
    const push = (stamp: number, value: number): void =>
      aligner.pushVector(1, stamp * MS, stamp * MS + 1000, [value, 0, 0, 0, 0, 0])
    for (const value of [1, 1, 2, 2]) push(1000, value)
    expect([aligner.counters.streams.get('wrench')?.accepted, aligner.counters.dropped.duplicate]).toEqual([4, 0])
    aligner.reset(1001 * MS)
    for (const value of [1, 1, 1]) push(1002, value)
    expect([aligner.counters.streams.get('wrench')?.accepted, aligner.counters.dropped.duplicate]).toEqual([5, 2])
  })
})

describe('a stamp that does not change', () => {
  test.each([
    ['with values that change', (i: number) => i],
    ['with one value but for the second sample', (i: number) => (i === 1 ? 2 : 1)],
    ['with one value, and then another', (i: number) => (i < 20_000 ? 1 : i)],
  ])('%s is kept 4096 times, and no tick waits for it', (_, value) => {
    const samples = Array.from({ length: 30_000 }, (_x, i) => ({
      stamp: 1000 * MS,
      receive: 1000 * MS + i * 50_000,
      value: value(i),
    }))
    const { all, aligner } = run(samples, ticks)
    const { accepted, dropped } = aligner.counters.streams.get('wrench') ?? {
      accepted: NaN,
      dropped: aligner.counters.dropped,
    }
    expect(accepted).toBeGreaterThan(4000)
    expect(accepted).toBeLessThanOrEqual(4096)
    expect(accepted + dropped.duplicate).toBe(30_000)
    expect(aligner.samples(1, 0, 2000 * MS).stamps.length).toBe(accepted)
    for (const { stamp, emitted } of all.slice(15)) expect(emitted).toBeLessThanOrEqual(stamp + 2 * MS)
  })
})

describe('the same stamp with the same value is a duplicate', () => {
  test('for a source without bursts, and for any source out of the order of stamps', () => {
    const ring = new VectorRing(1, 1e9)
    const values = (): string =>
      Array.from({ length: ring.size }, (_, i) => `${ring.stampAt(i)}:${ring.valueAt(i, 0)}`).join(' ')
    for (const [stamp, value] of [
      [1, 7],
      [1, 7],
      [2, 7],
      [2, 7],
    ] as const)
      ring.insert(stamp, [value])
    expect([values(), ring.settled]).toEqual(['1:7 2:7', 2])
    ring.insert(2, [8])
    expect([values(), ring.restored, ring.settled]).toEqual(['1:7 2:7 2:7 2:8', 1, 1])
    for (const [stamp, value] of [
      [3, 9],
      [3, 9],
      [2, 8],
      [1, 6],
      [1, 6],
    ] as const)
      ring.insert(stamp, [value])
    expect(values()).toBe('1:7 1:6 2:7 2:7 2:8 3:9 3:9')
  })
})
