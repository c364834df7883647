import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { CompensatedWrench } from '../../control/guard/compensated-wrench.js'
import type { Compensation } from '../../fusion/compensation/compensation.js'
import { inverse, quaternion, transform, weightIn } from '../fusion/gravity-reference.js'

const MS = 1_000_000
const PAYLOAD: Compensation = {
  orientation: 'tool',
  mass: 1,
  centre: [0, 0, 0.05],
  forceBias: [1, 2, 3],
  torqueBias: [0, 0, 0],
  mount: { xyz: [0, 0, 0], rpy: [0, 0, 0] },
  gravity: [0, 0, -9.80665],
  maxAge: 50 * MS,
}
const WEIGHT = PAYLOAD.mass * 9.80665

const pose = (angle: number): Float64Array => Float64Array.of(0, 0, 0.3, ...quaternion([angle, 0, 0]))
/** What the sensor says at rest, turned by `angle` (rad) about x. */
const says = (angle: number): Float64Array => {
  const load = weightIn(inverse(transform([angle, 0, 0])), PAYLOAD.centre, [0, 0, -WEIGHT])
  return Float64Array.from(load, (value, i) => value + [...PAYLOAD.forceBias, 0, 0, 0][i]!)
}
const force = ({ values }: CompensatedWrench): number => Math.hypot(...values.subarray(0, 3))

test('at rest nothing is felt in any orientation', () => {
  const wrench = new CompensatedWrench(PAYLOAD)
  for (let t = 0; t < 600; t++) {
    const angle = Math.floor(t / 100)
    if (t % 10 === 0) wrench.hearPose(t * MS, pose(angle))
    if (t % 100 < 10) continue
    expect(wrench.take(t * MS, says(angle))).toBe(true)
    for (const value of wrench.values) expect(Math.abs(value)).toBeLessThan(1e-9)
  }
})

test('a turning tool is wrong by its weight times the angle since the newest pose, no more', () => {
  const wrench = new CompensatedWrench(PAYLOAD)
  const speed = 1
  let worst = 0
  for (let t = 0; t < 2000; t++) {
    const angle = (speed * t) / 1000
    // Each pose arrives 4 ms after it was measured.
    if (t % 10 === 4) wrench.hearPose((t - 4) * MS, pose(angle - 0.004 * speed))
    if (t >= 10 && wrench.take(t * MS, says(angle))) worst = Math.max(worst, force(wrench))
  }
  expect(worst).toBeGreaterThan(WEIGHT * speed * 0.0125)
  expect(worst).toBeLessThan(WEIGHT * speed * 0.0131)
})

test('a wrench between two poses has the orientation between them', () => {
  const wrench = new CompensatedWrench(PAYLOAD)
  wrench.hearPose(0, pose(0))
  wrench.hearPose(40 * MS, pose(0.8))
  expect(wrench.take(10 * MS, says(0.2))).toBe(true)
  expect(force(wrench)).toBeLessThan(1e-9)
})

test('without a pose near enough there is no wrench, and each is counted', () => {
  const wrench = new CompensatedWrench(PAYLOAD)
  expect(wrench.take(0, says(0))).toBe(false)
  wrench.hearPose(1 * MS, pose(0))
  expect(wrench.take(51 * MS, says(0))).toBe(true)
  expect(wrench.take(51 * MS + 1, says(0))).toBe(false)
  wrench.hearPose(52 * MS, Float64Array.of(0, 0, 0, 0, 0, 0, 0))
  wrench.hearPose(NaN, pose(0))
  expect(wrench.take(53 * MS, says(0))).toBe(false)
  wrench.hearPose(53 * MS, pose(0.3))
  expect(wrench.take(54 * MS, says(0.3))).toBe(true)
  expect(wrench.unoriented).toBe(3)
  wrench.restart()
  expect(wrench.take(55 * MS, says(0.3))).toBe(false)
})

test('after a jump of time back the poses of the other side are not used', () => {
  const wrench = new CompensatedWrench(PAYLOAD)
  for (let t = 1000; t < 1100; t += 10) wrench.hearPose(t * MS, pose(1))
  wrench.hearPose(1020 * MS, pose(0.2))
  expect(wrench.take(1020 * MS, says(0.2))).toBe(true)
  expect(wrench.take(1065 * MS, says(0.2))).toBe(true)
  expect(force(wrench)).toBeLessThan(1e-9)
})

test('a sample allocates nothing', () => {
  setFlagsFromString('--expose_gc')
  const collect = runInNewContext('gc') as () => void
  const wrench = new CompensatedWrench(PAYLOAD)
  const measured = says(0.1)
  const place = pose(0.1)
  let t = 0
  const push = (samples: number): void => {
    for (let i = 0; i < samples; i++) {
      t += MS
      if (i % 8 === 0) wrench.hearPose(t - 3 * MS, place)
      wrench.take(t, measured)
    }
  }
  push(100_000)
  const rounds = Array.from({ length: 10 }, () => {
    collect()
    const before = process.memoryUsage().heapUsed
    push(20_000)
    return (process.memoryUsage().heapUsed - before) / 20_000
  })
  expect(Math.min(...rounds)).toBeLessThan(64)
})
