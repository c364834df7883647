import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import { occurred } from '../../fusion/counters.js'
import { ObservationDigest } from '../../fusion/observation-line.js'
import type { EventsValue, Observation, StreamValue, VectorValue, WindowValue } from '../../fusion/observation.js'
import type { Robot } from '../../robots/robot.js'
import { isPose } from '../../fusion/rotation.js'
import { reference, wrenchOf, type Push, type Seen } from './plain-aligner.js'
import { bracket, depth, flat, grey, MS, random, rgb, robot, stream, tool, voice, wrench } from './robots.js'

const RGB = 0,
  DEPTH = 1,
  WRENCH = 2,
  VOICE = 3

function feed(aligner: Aligner, { stream: index, stamp, receive, value }: Push): void {
  if (index === RGB) aligner.pushFrame(index, stamp, receive, grey(value))
  else if (index === DEPTH) aligner.pushFrame(index, stamp, receive, flat(value))
  else if (index === WRENCH) aligner.pushVector(index, stamp, receive, new Float64Array(wrenchOf(value)))
  else if (index === VOICE) aligner.pushEvent(index, stamp, receive, `e${value}`, 1)
  else aligner.pushVector(index, stamp, receive, new Float64Array([value, 0, 0, 0, 0, 0, 1]))
}

interface Run {
  all: Observation[]
  aligner: Aligner
}

function run(pushes: readonly Push[], spec: Robot = robot(), between?: (aligner: Aligner, push: Push) => void): Run {
  const all: Observation[] = []
  const aligner = new Aligner(spec, observation => all.push(observation))
  for (const push of pushes) {
    between?.(aligner, push)
    feed(aligner, push)
  }
  aligner.finish()
  return { all, aligner }
}

function first(value: StreamValue | undefined): number | undefined {
  return value?.kind === 'image' || value?.kind === 'depth' || value?.kind === 'vector' ? value.data[0] : undefined
}

function sum(all: readonly Observation[]): string {
  const digest = new ObservationDigest()
  for (const observation of all) digest.add(observation)
  return digest.digest() + JSON.stringify(all.map(({ emitted, index }) => [emitted, index]))
}

const statistic = (value: WindowValue | undefined, s: number): number[] =>
  [0, 1, 2, 3, 4, 5].map(w => value?.pyramid[4 * w + s] ?? 0)

type WantedValues = [number, number, number, number, number[], number[], unknown[], number | undefined]

function same(got: Observation, want: Seen): void {
  expect([got.stamp, got.emitted]).toEqual([want.stamp, want.emitted])
  expect([got.mask.rgb, got.mask.depth, got.mask.force, got.mask.voice, got.mask.proprioception]).toEqual(want.mask)
  const window = got.values.get('wrench') as WindowValue | undefined
  const events = got.values.get('voice') as EventsValue | undefined
  const [red, mm, count, mean, means, peaks, said, at] = want.values as WantedValues
  expect([first(got.values.get('rgb')), first(got.values.get('depth')), window?.count ?? 0]).toEqual([red, mm, count])
  expect(window?.mean[0] ?? 0).toBeCloseTo(mean, 9)
  statistic(window, 0).forEach((m, w) => expect(m).toBeCloseTo(means[w] as number, 9))
  statistic(window, 2).forEach((p, w) => expect(p).toBeCloseTo(peaks[w] as number, 9))
  expect((events?.events ?? []).map(({ text, ageS }) => [text, ageS])).toEqual(said)
  const x = first(got.values.get('tool'))
  if (at === undefined || x === undefined) expect(x).toBe(at)
  else expect(x).toBeCloseTo(at, 9)
}

/** A run of about a second with every fault that a stream can have. */
function traffic(seed: number): Push[] {
  const rand = random(seed)
  const pushes: Push[] = []
  const rates = [33, 30 + rand() * 10, 2 + rand() * 8, 150, 10]
  const trouble = rand() * 0.2
  rates.forEach((period, index) => {
    const latency = rand() * 30
    const silentFrom = rand() * 3000
    for (let t = 1000 + rand() * 30; t < 2200; t += period * (0.8 + 0.4 * rand())) {
      if (t > 1000 + silentFrom && t < 1000 + silentFrom + 350) continue
      if (rand() < trouble) continue
      const stamp = Math.round((rand() < 0.3 ? Math.round(t / 33) * 33 : t) * MS)
      const receive = stamp + Math.round((latency + rand() * 5 + (rand() < trouble ? rand() * 120 : 0)) * MS)
      const value = Math.floor(rand() * 200) + (index === DEPTH ? 900 : 1)
      const push = {
        stream: index,
        stamp,
        receive,
        value: index >= WRENCH && index !== VOICE && rand() < trouble / 4 ? NaN : value,
      }
      pushes.push(rand() < trouble / 10 ? { ...push, stamp: receive + 1.5e9 } : push)
      if (rand() < trouble) pushes.push({ ...push, receive: receive + Math.round(rand() * 20 * MS) })
      if (index === WRENCH && rand() < trouble / 10) pushes.push({ ...push, stamp: Math.max(1, stamp - 700 * MS) })
    }
  })
  return pushes.sort((a, b) => a.receive - b.receive)
}

describe('the aligner', () => {
  test('equals a plain aligner under jitter, drops, duplicates, reordering, silence, NaN, future and late stamps', () => {
    fc.assert(
      fc.property(fc.integer(), fc.boolean(), (seed, tared) => {
        const streams = [rgb, depth, tared ? { ...wrench, tare: 200 * MS } : wrench, voice, tool]
        const pushes = traffic(seed)
        const want = reference(pushes, streams)
        const { all, aligner } = run(pushes, robot(streams))
        expect(all.map(({ index }) => index)).toEqual(want.seen.map((_, i) => i))
        expect(occurred(aligner.counters.dropped)).toEqual(want.dropped)
        all.forEach((observation, i) => same(observation, want.seen[i] as Seen))
      }),
      { numRuns: 60 },
    )
  })

  test('gives the same bytes however often it is advanced in between', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const pushes = traffic(seed)
        const rand = random(seed + 1)
        let before = 0
        const often = run(pushes, robot(), (aligner, { receive }) => {
          for (let i = 0; i < 3; i++) aligner.advance(before + rand() * (receive - before))
          if (rand() < 0.3) aligner.advance(receive)
          before = receive
        })
        expect(sum(often.all)).toBe(sum(run(pushes).all))
      }),
      { numRuns: 40 },
    )
  })

  test('keeps every frame that a waiting tick needs, however late the other stream and however fast the camera is', () => {
    const seen: Observation[] = []
    const aligner = new Aligner(robot([rgb, depth], { maxWait: 500 * MS, maxSilence: 1000 * MS }), observation =>
      seen.push(observation),
    )
    const period = Math.round(1e9 / 90)
    const late = 300 * MS
    const arrivals = Array.from({ length: 200 }, (_, i) => [
      { stream: 0, stamp: 1e9 + i * period, receive: 1e9 + i * period },
      { stream: 1, stamp: 1e9 + i * period, receive: 1e9 + i * period + late },
    ])
    for (const { stream, stamp, receive } of arrivals.flat().sort((a, b) => a.receive - b.receive))
      aligner.pushFrame(stream, stamp, receive, stream === 0 ? grey(7) : flat(900))
    aligner.finish()
    expect(seen.length).toBe(200)
    expect(seen.filter(({ mask }) => mask.rgb === 1 && mask.depth === 1).length).toBe(200)
  })

  test('never goes back in stamps and never holds a tick beyond maxWait', () => {
    fc.assert(
      fc.property(fc.integer(), seed => {
        const pushes = traffic(seed)
        const { all } = run(pushes)
        all.forEach((observation, i) => {
          if (i > 0) expect(observation.stamp).toBeGreaterThan((all[i - 1] as Observation).stamp)
          const arrival = pushes.find(p => p.stream === RGB && p.stamp === observation.stamp)?.receive as number
          expect(observation.emitted).toBeLessThanOrEqual(arrival + 40 * MS)
        })
      }),
      { numRuns: 40 },
    )
  })

  test('holds the earlier frame for 50 ms, says so, and misses it after that', () => {
    const pushes: Push[] = [
      { stream: DEPTH, stamp: 1000 * MS, receive: 1001 * MS, value: 900 },
      { stream: RGB, stamp: 1050 * MS, receive: 1051 * MS, value: 1 },
      { stream: RGB, stamp: 1051 * MS, receive: 1052 * MS, value: 2 },
    ]
    const { all, aligner } = run(pushes, robot([rgb, depth]))
    expect(all.map(o => [o.mask.depth, o.quality.get('depth')?.held, o.quality.get('depth')?.age, o.emitted])).toEqual([
      [1, true, 50 * MS, 1091 * MS],
      [0, false, 0, 1092 * MS],
    ])
    expect([aligner.counters.held, aligner.counters.incomplete]).toEqual([1, 1])
  })

  test('a jump back empties all buffers once, is counted, and no observation mixes both sides', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 1.3, max: 20, noNaN: true }), (seed, jump) => {
        const rand = random(seed)
        const pushes: Push[] = []
        const latency = [20, 25, 1, 5, 3].map(ms => ms * (1 + rand()))
        for (let ms = 0; ms < 3000; ms++) {
          // Values before the jump lie below 100, values after it above.
          for (const [index, period] of [33, 33, 1, 200, 10].entries()) {
            if (ms % period !== 0) continue
            const time = 30_000 + ms
            const old = ms < 1500
            const stamp = Math.round((time - (old ? 0 : jump * 1000)) * MS)
            const value = (old ? 10 : 150) + (index === DEPTH ? 1000 : 0)
            pushes.push({ stream: index, stamp, receive: Math.round((time + (latency[index] as number)) * MS), value })
          }
        }
        pushes.sort((a, b) => a.receive - b.receive)
        const { all, aligner } = run(pushes, robot())
        expect(aligner.counters.jumps).toBe(1)
        expect(all.length).toBeGreaterThan(80)
        for (const observation of all) {
          const sides = new Set<boolean>()
          for (const value of observation.values.values()) {
            if (value?.kind === 'image' || value?.kind === 'vector') sides.add((value.data[0] as number) > 100)
            if (value?.kind === 'depth') sides.add((value.data[0] as number) > 1100)
            if (value?.kind === 'events') for (const { text } of value.events) sides.add(Number(text.slice(1)) > 100)
            if (value?.kind === 'window') {
              if (value.count > 0) sides.add((value.mean[0] as number) > 100)
              for (let w = 0; w < 6; w++)
                if ((value.pyramid[4 * w + 2] as number) > 0) expect(value.pyramid[4 * w + 1]).toBe(0)
            }
          }
          expect(sides.size).toBe(1)
        }
      }),
      { numRuns: 25 },
    )
  })

  test('a stream that stays on the other side for a second makes a jump forward', () => {
    const pushes: Push[] = []
    for (let ms = 0; ms < 5000; ms += 5) {
      const back = ms >= 1000 && ms < 1500 ? 10_000 : 0
      pushes.push({ stream: 1, stamp: (20_000 + ms) * MS, receive: (20_000 + ms) * MS, value: 3 })
      if (ms % 30 === 0)
        pushes.push({ stream: 0, stamp: (20_000 + ms - back) * MS, receive: (20_000 + ms) * MS, value: 1 })
    }
    const spec = robot([rgb, { ...wrench, name: 'wrench' }])
    const all: Observation[] = []
    const aligner = new Aligner(spec, o => all.push(o))
    for (const p of pushes) {
      if (p.stream === 0) aligner.pushFrame(0, p.stamp, p.receive, grey(1))
      else aligner.pushVector(1, p.stamp, p.receive, wrenchOf(p.value))
    }
    aligner.finish()
    expect(aligner.counters.jumps).toBe(2)
    expect(aligner.counters.dropped.other_side).toBeGreaterThan(100)
    expect(all.at(-1)?.stamp).toBeGreaterThan(24_900 * MS)
    expect(all.at(-1)?.mask.force).toBe(1)
  })

  test('a reset empties buffers, events and tare, and the index goes on', () => {
    const spec = robot([rgb, depth, { ...wrench, tare: 100 * MS }, voice, tool])
    const all: Observation[] = []
    const aligner = new Aligner(spec, o => all.push(o))
    const play = (from: number, offset: number): void => {
      feed(aligner, { stream: VOICE, stamp: from * MS, receive: from * MS, value: offset })
      for (let ms = from; ms < from + 400; ms++) {
        feed(aligner, { stream: WRENCH, stamp: ms * MS, receive: ms * MS, value: offset })
        if (ms % 40 === 0) feed(aligner, { stream: RGB, stamp: ms * MS, receive: ms * MS, value: 1 })
      }
    }
    play(1000, 7)
    aligner.reset(1500 * MS)
    play(2000, 50)
    aligner.finish()
    expect(all.map(({ index }) => index)).toEqual(all.map((_, i) => i))
    expect(all.map(({ stamp, episode }) => [stamp < 1500 * MS, episode])).toEqual(
      all.map(({ stamp }) => (stamp < 1500 * MS ? [true, 0] : [false, 1])),
    )
    expect((all.at(-1)?.values.get('wrench') as WindowValue).mean[0]).toBe(0)
    expect((all.at(-1)?.values.get('voice') as EventsValue).events.map(({ text }) => text)).toEqual(['e50'])
    expect(aligner.counters.dropped.tare).toBe(200)
  })

  test('observations after a reset do not depend on what came before it or on its time', () => {
    const after = (reset: number, before: readonly Push[], pushes: readonly Push[], spec: Robot): string => {
      let all: Observation[] = []
      const aligner = new Aligner(spec, observation => all.push(observation))
      for (const push of before) feed(aligner, push)
      aligner.finish()
      aligner.reset(reset)
      all = []
      const by = reset - 1000 * MS
      for (const push of pushes) feed(aligner, { ...push, stamp: push.stamp + by, receive: push.receive + by })
      aligner.finish()
      expect(all.length).toBeGreaterThan(5)
      return sum(all.map((observation, index) => ({ ...observation, index, emitted: observation.emitted - reset })))
    }
    const streams = [rgb, depth, { ...wrench, tare: 200 * MS }, voice, tool]
    fc.assert(
      fc.property(
        fc.integer(),
        fc.constantFrom(robot(streams), robot(streams, { tick: { period: 1e9 / 30 } })),
        (seed, spec) => {
          // The tool is silent at first, so that a tick waits for it.
          const pushes = traffic(seed).filter(({ stream: index, receive }) => index !== 4 || receive > 1500 * MS)
          const alone = after(30_000 * MS, [], pushes, spec)
          expect(after(30_000 * MS, traffic(seed + 1), pushes, spec)).toBe(alone)
          expect(after(3_600_000 * MS, traffic(seed + 2), pushes, spec)).toBe(alone)
        },
      ),
      { numRuns: 20 },
    )
  })

  test("ticks at a fixed rate are multiples of the period after the first stream's first sample, without ticks in silence", () => {
    const spec = robot([tool, wrench], { tick: { period: 1e9 / 30 } })
    const all: Observation[] = []
    const aligner = new Aligner(spec, o => all.push(o))
    const pose = new Float64Array([0, 0, 0, 0, 0, 0, 1])
    for (let ms = 995; ms < 2000; ms++) {
      aligner.pushVector(1, ms * MS, ms * MS, wrenchOf(1))
      if (ms % 10 === 0) aligner.pushVector(0, ms * MS, ms * MS, pose.fill(ms, 0, 1))
    }
    for (let ms = 60_000; ms < 60_100; ms += 10) aligner.pushVector(0, ms * MS, ms * MS, pose)
    aligner.finish()
    const second = all.filter(({ stamp }) => stamp < 2000 * MS)
    expect(second.map(({ stamp }) => stamp)).toEqual(
      Array.from({ length: 30 }, (_, n) => 1000 * MS + Math.round((n * 1e9) / 30)),
    )
    expect((second[10]?.values.get('tool') as VectorValue).data[0]).toBeCloseTo(1333.333333, 6)
    expect(aligner.counters.dropped.gap).toBeGreaterThan(1700)
    expect(all.length).toBeLessThan(70)
  })

  test('ticks at a fixed rate do not wait for a stream of events', () => {
    const stamps: number[] = []
    const aligner = new Aligner(robot([voice, tool], { tick: { period: 100 * MS } }), o => stamps.push(o.stamp))
    const pose = new Float64Array([0, 0, 0, 0, 0, 0, 1])
    for (let ms = 1000; ms < 2000; ms += 10) aligner.pushVector(1, ms * MS, ms * MS, pose)
    aligner.finish()
    expect(stamps).toEqual(Array.from({ length: 10 }, (_, n) => (1000 + 100 * n) * MS))
  })

  test('hold, asof, a centred window and the receive time line follow their definitions', () => {
    const select = ['position.finger']
    const joint = 'sensor_msgs/msg/JointState'
    const spec = robot([
      rgb,
      stream('held', 'proprioception', joint, { strategy: 'hold' }, { select }),
      stream('recent', 'proprioception', joint, { strategy: 'asof', maxAge: 20 * MS }, { select }),
      stream('force', 'force', 'geometry_msgs/msg/WrenchStamped', {
        strategy: 'window',
        length: 10 * MS,
        centred: true,
        pyramid: [],
      }),
      stream('arrived', 'proprioception', joint, bracket('nearest'), { select, timeline: 'receive' }),
    ])
    const all: Observation[] = []
    const aligner = new Aligner(spec, o => all.push(o))
    for (let ms = 1000; ms <= 1106; ms++) {
      const at = ms * MS
      aligner.pushVector(3, at, at, wrenchOf(ms))
      if (ms === 1000 || ms === 1070) aligner.pushVector(4, 5, at, [ms])
      if (ms === 1000) {
        aligner.pushVector(1, at, at, [1])
        aligner.pushVector(2, at, at, [2])
      }
      if (ms === 1010 || ms === 1100) aligner.pushFrame(0, at, at, grey(1))
    }
    aligner.finish()
    expect(all.map(o => first(o.values.get('held')))).toEqual([1, 1])
    expect(all.map(o => first(o.values.get('recent')))).toEqual([2, undefined])
    expect(all.map(o => first(o.values.get('arrived')))).toEqual([1000, 1070])
    const force = all.map(o => o.values.get('force') as WindowValue)
    expect(force.map(value => [value.count, value.mean[0]])).toEqual([
      [10, 1010.5],
      [10, 1100.5],
    ])
    expect(all[0]?.emitted).toBe(1050 * MS)
  })

  test('bad samples are counted by reason and stream', () => {
    const aligner = new Aligner(robot(), () => {})
    aligner.pushVector(WRENCH, 1e9, 1e9, [1, 2, 3])
    aligner.pushVector(WRENCH, 1e9, 1e9, [1, 2, 3, 4, Infinity, 6])
    aligner.pushVector(WRENCH, 3e9, 1e9, [1, 2, 3, 4, 5, 6])
    aligner.pushFrame(RGB, 1e9, 1e9, { ...grey(1), data: new Uint8Array(3) })
    aligner.pushFrame(RGB, 1e9, 1e9, { ...grey(1), encoding: 'jpeg' })
    aligner.count(DEPTH, 'zero_stamp')
    expect(occurred(aligner.counters.dropped)).toEqual({
      bad_size: 2,
      nan: 1,
      future: 1,
      bad_encoding: 1,
      zero_stamp: 1,
    })
    const ofWrench = aligner.counters.streams.get('wrench')?.dropped ?? aligner.counters.dropped
    expect(occurred(ofWrench)).toEqual({ bad_size: 1, nan: 1, future: 1 })
  })

  test(
    'a pose without an orientation is dropped and counted: the pose before it is held for max_hold, and a gap of at ' +
      'most max_gap is bridged',
    () => {
      const all: Observation[] = []
      const aligner = new Aligner(robot([rgb, tool]), observation => all.push(observation))
      const lost = (ms: number): boolean => (ms >= 200 && ms < 600) || (ms >= 800 && ms < 840)
      for (let ms = 0; ms <= 1000; ms += 10) {
        const at = (1000 + ms) * MS
        aligner.pushVector(1, at, at, lost(ms) ? [0, 0, 0, 0, 0, 0, 0] : [0.3, 0.1, 0.2, 0, 0, 0.6, 0.8])
        if (ms % 40 === 20) aligner.pushFrame(0, at, at, grey(1))
      }
      aligner.finish()
      const seen = all.map(({ stamp, values, mask }) => ({
        ms: stamp / MS - 1000,
        pose: values.get('tool') as VectorValue | undefined,
        present: mask.proprioception,
      }))
      expect(seen.filter(({ present }) => present === 0).map(({ ms }) => ms)).toEqual([
        260, 300, 340, 380, 420, 460, 500, 540, 580,
      ])
      for (const { pose } of seen)
        if (pose) [0.3, 0.1, 0.2, 0, 0, 0.6, 0.8].forEach((value, i) => expect(pose.data[i]).toBeCloseTo(value, 12))
      expect(occurred(aligner.counters.dropped)).toEqual({ bad_rotation: 44 })
    },
  )

  test.each([
    [1, true],
    [1 + 1e-7, true],
    [0.981, true],
    [1.019, true],
    [0.97, false],
    [1.03, false],
    [0.5, false],
    [2, false],
    [0, false],
    [NaN, false],
  ])('a quaternion of length %d is a rotation: %s', (length, isOne) => {
    const aligner = new Aligner(robot([rgb, tool]), () => {})
    const pose = [0.3, 0.1, 0.2, 0.5 * length, -0.5 * length, 0.5 * length, 0.5 * length]
    aligner.pushVector(1, 1e9, 1e9, pose)
    expect(aligner.counters.streams.get('tool')?.accepted).toBe(isOne ? 1 : 0)
    expect(isPose(pose)).toBe(isOne)
  })

  test("a strategy that cannot take a stream's samples is refused when the aligner is made", () => {
    const make = (...streams: Parameters<typeof robot>[0] & object): Aligner =>
      new Aligner(robot([rgb, ...streams]), () => {})
    expect(() => make({ ...depth, align: wrench.align })).toThrow(/stream depth: align window takes vectors/)
    expect(() => make({ ...wrench, align: voice.align })).toThrow(/stream wrench: align events takes events/)
    expect(() => make({ ...voice, align: { strategy: 'hold' } })).toThrow(
      /stream voice: align hold takes frames or vectors/,
    )
    expect(() => new Aligner(robot([rgb], { tick: { from: 'nose' } }), () => {})).toThrow(
      /stream nose: robot test has rgb/,
    )
  })
})
