import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Aligner } from '../../fusion/aligner.js'
import type { Observation } from '../../fusion/observation.js'
import { parseContract } from '../../policy/contract/contract.js'
import { Features } from '../../policy/features/features.js'
import { parseRobot } from '../../robots/robot-file.js'
import { version2Json } from '../policy/onnx-models.js'
import { MS, robot, stream } from './robots.js'

const COUNT = 6
const STEP = 7 * MS
const series = stream('torques', 'proprioception', 'std_msgs/msg/Float64MultiArray', {
  strategy: 'series',
  count: COUNT,
  step: STEP,
  maxGap: 30 * MS,
  maxHold: 15 * MS,
})
const spec = robot([series], { tick: { period: 20 * MS } })

interface Sample {
  readonly stamp: number
  readonly values: readonly number[]
}

/** A value at a time by the definition, from all samples of the episode. */
function valueAt(samples: readonly Sample[], time: number): readonly number[] {
  const earlier = samples.filter(({ stamp }) => stamp <= time).at(-1)
  const later = samples.find(({ stamp }) => stamp >= time)
  if (earlier === undefined) return samples[0].values
  if (later === undefined || later === earlier) return earlier.values
  const w = (time - earlier.stamp) / (later.stamp - earlier.stamp)
  return earlier.values.map((value, k) => value + w * (later.values[k] - value))
}

test('a series equals its definition, for any samples, also at the start of an episode', () => {
  const gap = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, fc.integer({ min: -9, max: 9 })), { minLength: 2, maxLength: 60 }), steps => {
      const all: Observation[] = []
      const aligner = new Aligner(spec, observation => all.push(observation))
      const samples: Sample[] = []
      let stamp = 1000 * MS
      for (const [by, value] of steps) {
        stamp += by * MS
        samples.push({ stamp, values: [value, 2 * value + 1] })
        aligner.pushVector(0, stamp, stamp, [value, 2 * value + 1])
      }
      aligner.finish()
      expect(all.length).toBeGreaterThan(0)
      for (const { stamp: tick, values } of all) {
        const value = values.get('torques')
        const before = samples.filter(each => each.stamp <= tick).at(-1)
        const after = samples.find(each => each.stamp >= tick)
        const isThere =
          before !== undefined &&
          (after === undefined ? tick - before.stamp <= 15 * MS : after.stamp - before.stamp <= 30 * MS)
        expect(value !== undefined).toBe(isThere)
        if (value?.kind !== 'vector') continue
        const want = Array.from({ length: COUNT }, (_, k) => valueAt(samples, tick - (COUNT - 1 - k) * STEP)).flat()
        expect(value.data.length).toBe(want.length)
        want.forEach((each, i) => expect(value.data[i]).toBeCloseTo(each, 9))
      }
    }),
  )
})

const text = (align: string): string => `robot: fast
tick: { rate: 30 Hz }
streams:
  torques: { topic: /joints, type: sensor_msgs/msg/JointState, select: [effort.a, effort.b], align: ${align}, max_gap: 40 ms }
actions: { gripper: { driver: robotiq_2f85 } }
limits: { width: [0 mm, 85 mm], effort: [20 N, 120 N] }
`

test('a robot file says a series, and its canonical text gives the same robot', () => {
  const read = parseRobot(text('{ series: 10, step: 5 ms }'), 'fast.yaml')
  expect(read.streams[0].align).toEqual({ strategy: 'series', count: 10, step: 5e6, maxGap: 40e6, maxHold: 50e6 })
  expect(parseRobot(read.canonical, 'canonical')).toEqual(read)
  expect(() => parseRobot(text('series'), 'fast.yaml')).toThrow(
    'series needs a number of values: align: { series: 10 }',
  )
})

test('a series is an input of two dimensions, or of one', () => {
  const read = parseRobot(text('{ series: 3, step: 5 ms }'), 'fast.yaml')
  const features = (shape: number[], version = 2): Features =>
    new Features(
      parseContract(
        { ...version2Json(read, { x: { as: 'vector', dtype: 'float32', from: ['torques'], shape } }), version },
        'm.onnx',
      ),
      read,
    )
  const seen: number[][] = []
  for (const shape of [
    [1, 3, 2],
    [1, 6],
  ]) {
    const made = features(shape)
    const aligner = new Aligner(read, observation => seen.push([...made.fill(observation)['x']].map(Number)))
    for (let ms = 0; ms <= 200; ms += 10) aligner.pushVector(0, 1e9 + ms * MS, 1e9 + ms * MS, [ms, -ms])
  }
  expect(seen.length).toBeGreaterThan(8)
  for (const [a, b, c, d, e, f] of seen.slice(2, 5)) expect([c, e, d, f]).toEqual([a + 5, a + 10, b - 5, b - 10])
  expect(() => features([1, 3, 3])).toThrow("input x: the contract has 9 values, the robot file's streams 6")
  expect(() => features([1, 3, 2], 1)).toThrow('inputs.x: vector has the shape [1, P] in version 1, not [1, 3, 2]')
})
