import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import type { Compensation } from '../../fusion/compensation/compensation.js'
import { PayloadCompensation } from '../../fusion/compensation/payload-compensation.js'
import { rpyOfMatrix } from '../../fusion/compensation/rotation-matrix.js'
import type { Observation, WindowValue } from '../../fusion/observation.js'
import { compensated, inverse, quaternion, rotationVector, times, transform, weightIn } from './gravity-reference.js'
import type { Situation, Transform } from './gravity-reference.js'
import { grey, MS, random, rgb, robot, tool, wrench } from './robots.js'

const PAYLOAD: Compensation = {
  orientation: 'tool',
  mass: 0.6,
  centre: [0.01, -0.02, 0.05],
  forceBias: [3, -4, 190],
  torqueBias: [0.2, 0.1, -0.3],
  mount: { xyz: [0, 0, -0.16], rpy: [0, 0, 0] },
  gravity: [0, 0, -9.80665],
  maxAge: 50 * MS,
}
const RGB = 0
const WRENCH = 1
const TOOL = 2
const SPEC = robot([rgb, { ...wrench, compensate: PAYLOAD }, tool])

const situation = (
  world: Transform,
  payload = PAYLOAD,
  sensor = transform([0, 0, 0], payload.mount.xyz),
): Situation => ({
  world,
  sensor,
  weight: payload.gravity.map(g => g * payload.mass),
  centre: payload.centre,
  bias: [...payload.forceBias, ...payload.torqueBias],
})
const flat = (t: Transform): number[] => t.slice(0, 3).flatMap(row => row.slice(0, 3))

const real = (most: number): fc.Arbitrary<number> => fc.double({ min: -most, max: most, noNaN: true })
const vector = (most: number) => fc.tuple(real(most), real(most), real(most))

test('a wrench is compensated as ros-controls/control_toolbox defines it, for any mount, payload and orientation', () => {
  const any = fc.tuple(vector(1.8), vector(1.8), vector(0.5), vector(0.5), vector(300), vector(20), vector(12))
  fc.assert(
    fc.property(any, fc.double({ min: 0, max: 50, noNaN: true }), vector(1), (v, mass, place) => {
      const [turned, mounted, centre, torque, forceBias, torqueBias, gravity] = v
      const sensor = transform(mounted, place)
      const payload: Compensation = {
        ...PAYLOAD,
        mass,
        centre,
        forceBias,
        torqueBias,
        gravity,
        mount: { xyz: place, rpy: rpyOfMatrix(flat(sensor)) },
      }
      const said = [...forceBias.map(value => value + 1), ...torque]
      const out = new Float64Array(6)
      new PayloadCompensation(payload).apply(said, quaternion(turned), 0, out)
      const expected = compensated(said, situation(transform(turned), payload, sensor))
      expected.forEach((value, i) => expect(out[i]).toBeCloseTo(value, 8))
    }),
  )
})

/** What the sensor says at rest in the orientation `world`, plus a force along its z axis. */
function says(world: Transform, push = 0): Float64Array {
  const { sensor, weight, centre, bias } = situation(world)
  const load = weightIn(inverse(times(world, sensor)), centre, weight)
  return Float64Array.from(bias.map((value, i) => value + load[i]! + (i === 2 ? push : 0)))
}

interface Timed {
  readonly stream: number
  readonly stamp: number
  readonly receive: number
  readonly values: Float64Array
}

/** A tool that turns as `angle` (rad about x + y) says. Wrenches at 1 kHz, poses at 100 Hz, pictures at 30 Hz. */
function turning(angle: (ms: number) => number, delays: { wrench: number; pose: number }, length = 600): Timed[] {
  const about = (ms: number): number[] => [Math.SQRT1_2 * angle(ms), Math.SQRT1_2 * angle(ms), 0]
  const pushes: Timed[] = []
  for (let t = 1; t <= length; t++) {
    const at = t * MS
    pushes.push({ stream: WRENCH, stamp: at, receive: at + delays.wrench, values: says(transform(about(t)), 2) })
    if (t % 10 === 5)
      pushes.push({
        stream: TOOL,
        stamp: at,
        receive: at + delays.pose,
        values: Float64Array.of(0, 0, 0.3, ...quaternion(about(t))),
      })
    if (t % 33 === 0) pushes.push({ stream: RGB, stamp: at, receive: at + 12 * MS, values: new Float64Array(0) })
  }
  return pushes.sort((a, b) => a.receive - b.receive)
}

function align(pushes: readonly Timed[], between?: (aligner: Aligner, push: Timed) => void, spec = SPEC) {
  const all: Observation[] = []
  const aligner: Aligner = new Aligner(spec, observation => all.push(observation))
  for (const push of pushes) {
    between?.(aligner, push)
    if (push.stream === RGB) aligner.pushFrame(RGB, push.stamp, push.receive, grey(1))
    else aligner.pushVector(push.stream, push.stamp, push.receive, push.values)
  }
  aligner.finish()
  return { all, aligner }
}

const windowOf = (observation: Observation): WindowValue => observation.values.get('wrench') as WindowValue

describe('the aligner compensates each wrench by the orientation at its own time', () => {
  const swing = (ms: number): number => 1.2 * Math.sin(ms / 90)

  test('the force is that of a slow reference which looks at all poses; whichever topic is the faster one', () => {
    const seen = [
      { wrench: 1 * MS, pose: 2 * MS },
      { wrench: 1 * MS, pose: 18 * MS },
      { wrench: 20 * MS, pose: 1 * MS },
    ].map(delays => {
      const pushes = turning(swing, delays)
      const poses = pushes.filter(({ stream }) => stream === TOOL).sort((a, b) => a.stamp - b.stamp)
      const worldAt = (stamp: number): Transform => {
        const later = poses.findIndex(pose => pose.stamp >= stamp)
        const [a, b] = [poses[later - 1]!, poses[later]!]
        const of = ({ stamp: at }: Timed): Transform => {
          const angle = Math.SQRT1_2 * swing(at / MS)
          return transform([angle, angle, 0])
        }
        const step = rotationVector(times(inverse(of(a)), of(b)))
        const share = (stamp - a.stamp) / (b.stamp - a.stamp)
        return times(of(a), transform(step.map(value => value * share)))
      }
      const { all } = align(pushes)
      const whole = all.filter(({ stamp }) => stamp >= 99 * MS && stamp <= 560 * MS)
      expect(whole).toHaveLength(14)
      for (const observation of whole) {
        const inside = pushes.filter(
          ({ stream, stamp }) =>
            stream === WRENCH && stamp > observation.stamp - 33_333_333 && stamp <= observation.stamp,
        )
        const wrenches = inside.map(({ stamp, values }) => compensated([...values], situation(worldAt(stamp))))
        const { mean, count } = windowOf(observation)
        expect(count).toBe(inside.length)
        for (let i = 0; i < 6; i++)
          expect(mean[i]).toBeCloseTo(wrenches.reduce((sum, each) => sum + each[i]!, 0) / inside.length, 9)
      }
      return whole.map(observation => [...windowOf(observation).mean])
    })
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
  })

  test('a push of 2 N shows as 2 N in the tool frame while the tool swings through 140 degrees', () => {
    for (const observation of align(turning(swing, { wrench: MS, pose: 2 * MS })).all.slice(3, -2)) {
      const { mean } = windowOf(observation)
      expect(Math.hypot(mean[0]!, mean[1]!)).toBeLessThan(0.01)
      expect(mean[2]).toBeCloseTo(2, 1)
    }
  })

  test('what it emits does not depend on how often time is told to pass', () => {
    const pick = random(7)
    const pushes = turning(swing, { wrench: MS, pose: 3 * MS }).filter(
      ({ stream, stamp }) => stream !== TOOL || stamp % (70 * MS) > 30 * MS,
    )
    const plain = align(pushes)
    const often = align(pushes, (aligner, { receive }) => {
      aligner.advance(receive - MS + Math.floor(pick() * MS))
    })
    expect(often.all.map(each => [each.stamp, each.mask, windowOf(each)])).toEqual(
      plain.all.map(each => [each.stamp, each.mask, windowOf(each)]),
    )
    expect(often.aligner.counters).toEqual(plain.aligner.counters)
  })

  test('without poses no wrench is used: each is counted, and a tick waits no longer than it may', () => {
    const pushes = turning(() => 0.5, { wrench: MS, pose: MS }, 1500).filter(
      ({ stream, stamp }) => stream !== TOOL || stamp < 500 * MS,
    )
    const { all, aligner } = align(pushes)
    const { accepted, dropped } = aligner.counters.streams.get('wrench')!
    expect(accepted).toBe(495 + 50)
    expect(dropped.no_orientation).toBe(1500 - 545)
    expect(all.filter(({ stamp }) => stamp > 600 * MS).map(({ mask }) => mask.force)).toEqual(Array(27).fill(0))
    for (const { stamp, emitted } of all) expect(emitted - stamp).toBeLessThanOrEqual((12 + 40) * MS)
  })

  test('the tare begins with compensated wrenches, so a tilted start leaves nothing in later ones', () => {
    const spec = robot([rgb, { ...wrench, compensate: { ...PAYLOAD, forceBias: [0, 0, 0] }, tare: 100 * MS }, tool])
    const { all } = align(
      turning(ms => (ms < 200 ? 0.7 : -0.6), { wrench: MS, pose: 2 * MS }),
      undefined,
      spec,
    )
    const { mean } = windowOf(all.at(-1)!)
    for (const value of mean.subarray(0, 3)) expect(Math.abs(value)).toBeLessThan(1e-9)
  })

  test('an orientation that is no stream of poses is refused when the aligner is made', () => {
    for (const orientation of ['tol', 'rgb']) {
      const spec = robot([rgb, { ...wrench, compensate: { ...PAYLOAD, orientation } }, tool])
      expect(() => new Aligner(spec, () => undefined)).toThrow(
        `stream wrench: its orientation ${orientation} is no stream of poses; name one`,
      )
    }
  })

  test('an episode that begins drops the wrenches that wait, counted, and nothing of them comes after it', () => {
    const { aligner } = align(
      turning(() => 0.4, { wrench: MS, pose: 9 * MS }),
      (each, { receive, stream }) => {
        if (stream === WRENCH && receive === 301 * MS) each.reset(receive)
      },
    )
    const { accepted, dropped } = aligner.counters.streams.get('wrench')!
    expect(dropped.reset).toBeGreaterThan(3)
    expect(dropped.reset).toBeLessThan(20)
    expect(accepted + dropped.reset + dropped.no_orientation).toBe(600)
  })
})

test.each(['reset', 'jump'] as const)('each wrench that a %s drops while it waits is told of', reason => {
  const fates: unknown[][] = []
  const aligner = new Aligner(SPEC, () => undefined, { onSample: (...fate) => fates.push(fate) })
  /** All times in ms after a minute. */
  const push = (stream: number, stamp: number, receive: number): void => {
    const [at, arrived] = [(60_000 + stamp) * MS, (60_000 + receive) * MS]
    if (stream === RGB) aligner.pushFrame(RGB, at, arrived, grey(1))
    else aligner.pushVector(stream, at, arrived, stream === TOOL ? [0, 0, 0, 0, 0, 0, 1] : [1, 2, 3, 0, 0, 0])
  }
  push(TOOL, 30, 30)
  for (const ms of [31, 32, 33]) push(WRENCH, ms, ms + 1)
  if (reason === 'reset') aligner.reset(60_040 * MS)
  // No wrench has waited for its 40 ms yet when these have shown that time has jumped.
  else for (let ms = 35; ms < 72; ms++) push(TOOL, ms - 30_000, ms)
  expect(fates.filter(([stream, , , dropped]) => stream === WRENCH && dropped !== undefined)).toEqual(
    [31, 32, 33].map(ms => [WRENCH, (60_000 + ms) * MS, (60_001 + ms) * MS, reason]),
  )
  expect(aligner.counters.streams.get('wrench')!.dropped[reason]).toBe(3)
})

test('with nothing to take out, every sample meets the fate that it has without compensation', () => {
  const nothing: Compensation = {
    ...PAYLOAD,
    mass: 0,
    centre: [0, 0, 0],
    forceBias: [0, 0, 0],
    torqueBias: [0, 0, 0],
    mount: { xyz: [0, 0, 0], rpy: [0, 0, 0] },
    maxAge: 10_000 * MS,
  }
  // Bursts of one stamp, duplicates, samples out of order and late, numbers that are none, and a tare.
  const sample = fc.record({
    step: fc.constantFrom(0, 0, 1, 1, 1, 1, 3, 20),
    back: fc.constantFrom(0, 0, 0, 0, 0, 2, 5, 90),
    value: fc.constantFrom(0, 1, 1, 2, 5, NaN),
    picture: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 50, maxLength: 300 }), fc.constantFrom(0, 20 * MS), (samples, tare) => {
      const runs = [undefined, nothing].map(compensate => {
        const all: Observation[] = []
        const fates: unknown[] = []
        const aligner: Aligner = new Aligner(
          robot([rgb, { ...wrench, tare, compensate }, tool]),
          each => all.push(each),
          { onSample: (...fate) => fates.push(fate) },
        )
        let now = 1000
        for (const { step, back, value, picture } of samples) {
          now += step
          const [stamp, receive] = [(now - back) * MS, (now + 1) * MS]
          aligner.pushVector(TOOL, stamp, receive, Float64Array.of(0, 0, 0, 0, 0, 0, 1))
          aligner.pushVector(WRENCH, stamp, receive, new Float64Array(6).fill(value))
          if (picture) aligner.pushFrame(RGB, stamp, receive, grey(1))
        }
        aligner.finish()
        return { all, fates, counters: aligner.counters }
      })
      expect(runs[1]).toEqual(runs[0])
    }),
    { numRuns: 200 },
  )
})
