import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ChunkExecutor, EXECUTION_MODES, type Executable } from '../../control/chunk/chunk-executor.js'
import { QuaternionMean } from '../../policy/action/quaternion-mean.js'

const S = 1e9
/** A set-point of contract version 1. */
interface Version1 {
  pose: Float64Array
  width: number
  effort: number
  exhausted: boolean
}
const setPoint = (): Version1 => ({ pose: new Float64Array(7), width: -1, effort: -1, exhausted: false })

/** Samples, and writes what it gives to `out`. */
function sample(executor: ChunkExecutor, t: number, out: Version1): boolean {
  const known = executor.sample(t)
  const { groups, exhausted } = executor.setPoint
  if (known) Object.assign(out, { pose: groups[0].slice(), width: groups[1][0], effort: groups[1][1], exhausted })
  return known
}

type Matrix = number[][]

/** The rotation matrix of a unit quaternion (x, y, z, w), by the textbook formula. */
function matrix([x, y, z, w]: readonly number[]): Matrix {
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
    [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
    [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
  ]
}
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map(row => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)))
const aboutZ = (yaw: number): Matrix => [
  [Math.cos(yaw), -Math.sin(yaw), 0],
  [Math.sin(yaw), Math.cos(yaw), 0],
  [0, 0, 1],
]
const poseMatrix = (pose: Float64Array): Matrix => matrix([...pose.slice(3)])

interface Plain {
  x: number
  y: number
  z: number
  rotation: Matrix
  width: number
  effort: number
}

/** The set-point of one chunk at `t`, by the definition of an action chunk. */
function reference(chunk: Executable, t: number): Plain {
  const rows = chunk.data.length / 6
  const row = (i: number): number[] =>
    i < 0 ? [0, 0, 0, 0, chunk.data[4], chunk.data[5]] : [...chunk.data.slice(i * 6, i * 6 + 6)]
  const stampOf = (i: number): number => chunk.stamp + ((i + 1) / chunk.rate) * S
  let i = -1
  while (i < rows - 1 && stampOf(i + 1) <= t) i++
  const w = i === rows - 1 ? 0 : Math.max(0, (t - stampOf(i)) / (stampOf(i + 1) - stampOf(i)))
  const [dx, dy, dz, dyaw, width, effort] = row(i).map(
    (value, c) => value + (row(Math.min(rows - 1, i + 1))[c] - value) * w,
  )
  const turn = matrix([...chunk.origin.slice(3)])
  const [x, y, z] = turn.map((r, axis) => chunk.origin[axis] + r[0] * dx + r[1] * dy + r[2] * dz)
  return { x, y, z, rotation: product(turn, aboutZ(dyaw)), width, effort }
}

function expectPose(out: Version1, plain: Plain): void {
  expect(out.pose[0]).toBeCloseTo(plain.x, 9)
  expect(out.pose[1]).toBeCloseTo(plain.y, 9)
  expect(out.pose[2]).toBeCloseTo(plain.z, 9)
  poseMatrix(out.pose).forEach((row, i) =>
    row.forEach((value, j) => expect(value).toBeCloseTo(plain.rotation[i][j], 9)),
  )
  expect(out.width).toBeCloseTo(plain.width, 9)
  expect(out.effort).toBeCloseTo(plain.effort, 7)
}

const unit = (q: number[]): number[] => {
  const length = Math.hypot(...q)
  return length < 1e-3 ? [0, 0, 0, 1] : q.map(value => value / length)
}
const small = fc.double({ min: -0.3, max: 0.3, noNaN: true })
const quaternion = fc
  .tuple(...(Array(4).fill(fc.double({ min: -1, max: 1, noNaN: true })) as fc.Arbitrary<number>[]))
  .map(unit)
const chunkAt = (stamp: number): fc.Arbitrary<Executable> =>
  fc
    .record({
      rows: fc
        .integer({ min: 1, max: 12 })
        .chain(rows => fc.array(small, { minLength: rows * 6, maxLength: rows * 6 })),
      position: fc.tuple(small, small, small),
      q: quaternion,
    })
    .map(({ rows, position, q }) => ({
      stamp,
      rate: 30,
      data: Float32Array.from(rows),
      origin: Float64Array.of(...position, ...q),
    }))

describe.each([...EXECUTION_MODES])('%s', mode => {
  it('follows a single chunk, interpolated in time, from its origin to its last row', () => {
    fc.assert(
      fc.property(chunkAt(5 * S), fc.double({ min: -0.1, max: 0.6, noNaN: true }), (chunk, after) => {
        const executor = new ChunkExecutor(mode)
        executor.push(chunk)
        const out = setPoint()
        const t = chunk.stamp + after * S
        expect(sample(executor, t, out)).toBe(true)
        expectPose(out, reference(chunk, t))
        expect(out.exhausted).toBe(t > chunk.stamp + (chunk.data.length / 6 / chunk.rate) * S)
      }),
    )
  })

  it('gives no set-point without a chunk and after clear', () => {
    const executor = new ChunkExecutor(mode)
    const out = setPoint()
    expect(sample(executor, 0, out)).toBe(false)
    executor.push({ stamp: 0, rate: 30, data: new Float32Array(6), origin: Float64Array.of(0, 0, 0, 0, 0, 0, 1) })
    executor.clear()
    expect(sample(executor, 0, out)).toBe(false)
    expect(out).toEqual(setPoint())
  })

  it('holds the last row of the newest chunk and reports that it is exhausted', () => {
    const executor = new ChunkExecutor(mode)
    const origin = Float64Array.of(1, 2, 3, 0, 0, 0, 1)
    executor.push({ stamp: 0, rate: 10, data: Float32Array.of(9, 9, 9, 0, 0.01, 20), origin })
    executor.push({ stamp: 0.02 * S, rate: 10, data: Float32Array.of(1, 0, 0, 0, 0.05, 40), origin })
    const out = setPoint()
    sample(executor, 10 * S, out)
    expect([...out.pose]).toEqual([2, 2, 3, 0, 0, 0, 1])
    expect(out).toMatchObject({ width: Math.fround(0.05), effort: 40, exhausted: true })
  })

  it("refuses a chunk that cannot be executed, and copies the caller's arrays", () => {
    const executor = new ChunkExecutor(mode)
    const chunk = {
      stamp: 0,
      rate: 30,
      data: Float32Array.of(0.25, 0, 0, 0, 0.5, 1),
      origin: Float64Array.of(0, 0, 0, 0, 0, 0, 1),
    }
    expect(executor.push(chunk)).toBe(true)
    chunk.data.fill(NaN)
    expect(executor.push({ ...chunk, stamp: 1 })).toBe(false)
    expect(
      executor.push({ ...chunk, stamp: 1, data: new Float32Array(6), origin: new Float64Array(7).fill(NaN) }),
    ).toBe(false)
    expect(executor.push({ ...chunk, stamp: 1, data: new Float32Array(6), origin: new Float64Array(7) })).toBe(false)
    expect(executor.push({ ...chunk, stamp: 1, data: new Float32Array(0) })).toBe(false)
    const out = setPoint()
    sample(executor, S, out)
    expect(out.pose[0]).toBe(0.25)
  })

  it('forgets what came before a jump back in time', () => {
    const make = (stamp: number, dx: number): Executable => ({
      stamp,
      rate: 30,
      data: Float32Array.from({ length: 60 }, (_, i) => (i % 6 === 0 ? dx : 0)),
      origin: Float64Array.of(0, 0, 0, 0, 0, 0, 1),
    })
    const executor = new ChunkExecutor(mode)
    executor.push(make(100 * S, 5))
    executor.push(make(2 * S, 1))
    const out = setPoint()
    sample(executor, 2.2 * S, out)
    expect(out.pose[0]).toBeCloseTo(1, 12)
  })
})

describe('receding horizon', () => {
  it('follows the newest chunk alone', () => {
    fc.assert(
      fc.property(chunkAt(0), chunkAt(0.05 * S), (first, second) => {
        const executor = new ChunkExecutor('receding_horizon')
        executor.push(first)
        executor.push(second)
        const out = setPoint()
        sample(executor, 0.1 * S, out)
        expectPose(out, reference(second, 0.1 * S))
      }),
    )
  })
})

describe('temporal ensembling', () => {
  const m = 0.2

  it('is the weighted mean of all chunks that cover the moment, with poses in the base frame', () => {
    const chunks = fc.tuple(chunkAt(0), chunkAt(0.033 * S), chunkAt(0.066 * S), chunkAt(0.1 * S)).map(all =>
      all.map(chunk => ({
        ...chunk,
        origin: Float64Array.of(
          ...chunk.origin.slice(0, 3),
          ...unit([0.1, 0.2, 0.3, 1].map((v, i) => v + chunk.origin[3 + i] / 10)),
        ),
      })),
    )
    fc.assert(
      fc.property(chunks, fc.double({ min: 0.1, max: 0.5, noNaN: true }), (all, after) => {
        const executor = new ChunkExecutor('temporal_ensembling', { m })
        for (const chunk of all) executor.push(chunk)
        const t = after * S
        const endOf = (chunk: Executable): number => chunk.stamp + (chunk.data.length / 6 / chunk.rate) * S
        fc.pre(all.every(chunk => Math.abs(t - endOf(chunk)) > 10))
        const newest = all[3]
        const out = setPoint()
        sample(executor, t, out)
        expect(out.exhausted).toBe(t > endOf(newest))
        if (out.exhausted) return
        const reaching = all.filter(chunk => endOf(chunk) > t)
        const weights = reaching.map(chunk => Math.exp(((-m * (newest.stamp - chunk.stamp)) / S) * 30))
        const total = weights.reduce((a, b) => a + b)
        const said = reaching.map(chunk => reference(chunk, t))
        const mean = (key: 'x' | 'y' | 'z' | 'width' | 'effort'): number =>
          said.reduce((sum, one, i) => sum + weights[i] * one[key], 0) / total
        expectPose(out, {
          x: mean('x'),
          y: mean('y'),
          z: mean('z'),
          width: mean('width'),
          effort: mean('effort'),
          rotation: poseMatrix(out.pose),
        })
        // The mean rotation has the least weighted squared chordal distance, so every small turn makes it larger.
        const distance = (rotation: Matrix): number =>
          said.reduce(
            (sum, one, i) =>
              sum +
              weights[i] *
                rotation.flat().reduce((square, value, j) => square + (value - one.rotation.flat()[j]) ** 2, 0),
            0,
          )
        const best = distance(poseMatrix(out.pose))
        for (const axis of [0, 1, 2]) {
          for (const angle of [-1e-3, 1e-3]) {
            const turn = [0, 0, 0, Math.cos(angle / 2)]
            turn[axis] = Math.sin(angle / 2)
            expect(distance(product(poseMatrix(out.pose), matrix(turn)))).toBeGreaterThanOrEqual(best)
          }
        }
      }),
    )
  })

  it('keeps the last 128 chunks, and drops those that have ended', () => {
    const executor = new ChunkExecutor('temporal_ensembling', { m: 0 })
    const origin = Float64Array.of(0, 0, 0, 0, 0, 0, 1)
    for (let i = 0; i < 200; i++) {
      executor.push({
        stamp: i * 0.01 * S,
        rate: 10,
        data: Float32Array.from({ length: 600 }, (_, k) => (k % 6 === 4 ? i : 0)),
        origin,
      })
    }
    const out = setPoint()
    sample(executor, 2.5 * S, out)
    expect(out.width).toBeCloseTo((72 + 199) / 2, 9)
    executor.push({ stamp: 100 * S, rate: 10, data: Float32Array.of(0, 0, 0, 0, 7, 0), origin })
    sample(executor, 100 * S, out)
    expect(out.width).toBe(7)
  })
})

describe('the mean of quaternions', () => {
  it('does not depend on their signs', () => {
    fc.assert(
      fc.property(
        fc.array(quaternion, { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
        (all, flips) => {
          const near = all.map(q => unit([0.5, 0.1, -0.2, 1].map((value, i) => value + q[i] / 4)))
          const mean = (signs: number[]): Matrix => {
            const quaternions = new QuaternionMean()
            quaternions.clear()
            near.forEach((q, i) =>
              quaternions.add(
                Float64Array.from(q, value => value * signs[i]),
                0,
                i + 1,
              ),
            )
            const out = new Float64Array(4)
            quaternions.write(out, 0)
            return matrix([...out])
          }
          const plain = mean(near.map(() => 1)).flat()
          mean(near.map((_, i) => (flips[i] ? -1 : 1)))
            .flat()
            .forEach((value, i) => expect(value).toBeCloseTo(plain[i], 10))
        },
      ),
    )
  })
})

it('an unknown mode is refused with the known ones', () => {
  expect(() => new ChunkExecutor('toString')).toThrow(
    "execution mode 'toString': expected one of temporal_ensembling, receding_horizon",
  )
})

describe('receding_horizon:ROWS', () => {
  const chunkAt = (tick: number): Executable => ({
    stamp: (tick * S) / 30,
    rate: 30,
    data: Float32Array.from({ length: 6 * 8 }, (_, i) => (i % 6 === 4 ? tick + Math.floor(i / 6) / 100 : 0)),
    origin: Float64Array.of(0, 0, 0, 0, 0, 0, 1),
  })

  it.each([
    { mode: 'receding_horizon', followed: [0, 1, 2, 3, 4, 5, 6, 7] },
    { mode: 'receding_horizon:3', followed: [0, 0, 0, 3, 3, 3, 6, 6] },
  ])('$mode follows the rows of a chunk before the next one counts', ({ mode, followed }) => {
    const executor = new ChunkExecutor(mode)
    const out = setPoint()
    const seen = followed.map((_, tick) => {
      // Ticks of a camera come unevenly.
      executor.push({ ...chunkAt(tick), stamp: chunkAt(tick).stamp + (tick % 2) * 2e6 })
      sample(executor, ((tick + 1) * S) / 30 + 3e6, out)
      return Math.floor(out.width)
    })
    expect(seen).toEqual(followed)
  })

  it('begins anew after a clear, and where time jumps back', () => {
    const executor = new ChunkExecutor('receding_horizon:8')
    const out = setPoint()
    const widthAfter = (tick: number): number => {
      executor.push(chunkAt(tick))
      sample(executor, ((tick + 1) * S) / 30, out)
      return Math.floor(out.width)
    }
    expect([5, 6].map(widthAfter)).toEqual([5, 5])
    expect(widthAfter(2)).toBe(2)
    executor.clear()
    expect(widthAfter(3)).toBe(3)
  })

  it.each(['receding_horizon:0', 'receding_horizon:', 'temporal_ensembling:3', 'open_loop', ''])('refuses %j', mode => {
    expect(() => new ChunkExecutor(mode)).toThrow(
      `execution mode '${mode}': expected one of temporal_ensembling, receding_horizon or receding_horizon:ROWS`,
    )
  })
})
