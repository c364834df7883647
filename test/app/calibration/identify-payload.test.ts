import fc from 'fast-check'
import { inv, matrix, multiply, transpose } from 'mathjs'
import { describe, expect, test } from 'vitest'
import { bestRotation } from '../../../app/calibration/best-rotation.js'
import { identifyPayload, type Payload, type RestingPose } from '../../../app/calibration/identify-payload.js'
import { leastSquares } from '../../../app/calibration/least-squares.js'
import { symmetricEigen } from '../../../app/calibration/symmetric-eigen.js'
import { rpyOfMatrix } from '../../../fusion/compensation/rotation-matrix.js'
import { inverse, quaternion, rotate, times, transform, weightIn } from '../../fusion/gravity-reference.js'
import { normal, turnBetween } from './payload-arm.js'

const GRAVITY = [0, 0, -9.80665] as const
const real = (most: number): fc.Arbitrary<number> => fc.double({ min: -most, max: most, noNaN: true })
const vector = (most: number) => fc.tuple(real(most), real(most), real(most))

interface Truth {
  readonly mass: number
  readonly centre: readonly number[]
  readonly bias: readonly number[]
  /** The mount as a rotation vector. */
  readonly mount: readonly number[]
}

/** What a sensor says at rest in each orientation (rotation vectors), by the definition in gravity-reference.ts. */
function posesOf(turns: readonly (readonly number[])[], truth: Truth, noise: (axis: number) => number = () => 0) {
  return turns.map((turn): RestingPose => {
    const sensor = inverse(times(transform(turn), transform(truth.mount)))
    const weight = weightIn(
      sensor,
      truth.centre,
      GRAVITY.map(g => g * truth.mass),
    )
    return { rotation: quaternion(turn), wrench: weight.map((value, axis) => value + truth.bias[axis]! + noise(axis)) }
  })
}

const rpyOf = (turn: readonly number[]): [number, number, number] =>
  rpyOfMatrix(
    transform(turn)
      .slice(0, 3)
      .flatMap(row => row.slice(0, 3)),
  )

const TURNS = [
  [0, 0, 0],
  [0.9, 0, 0],
  [-0.8, 0.3, 0],
  [0, 1.1, 0.5],
  [0.2, -1, 1],
  [2, 0.4, -0.3],
  [0.5, 2.2, 0.1],
  [-1.5, -0.9, 0.2],
] as const

describe('without noise the parameters are found exactly', () => {
  const truth = fc.record({
    mass: fc.double({ min: 0.05, max: 20, noNaN: true }),
    centre: vector(0.3),
    bias: fc.tuple(real(200), real(200), real(200), real(10), real(10), real(10)),
    mount: vector(1.7),
  })

  test.each([true, false])('for any payload, bias and mount; the mount is found: %s', isFound => {
    fc.assert(
      fc.property(truth, what => {
        const given = rpyOf(what.mount)
        const found = identifyPayload(posesOf(TURNS, what), { gravity: GRAVITY, rpy: isFound ? undefined : given })
        expect(found.mass.value).toBeCloseTo(what.mass, 6)
        what.centre.forEach((value, i) => expect(found.centre.value[i]).toBeCloseTo(value, 6))
        what.bias.slice(0, 3).forEach((value, i) => expect(found.forceBias.value[i]).toBeCloseTo(value, 6))
        what.bias.slice(3).forEach((value, i) => expect(found.torqueBias.value[i]).toBeCloseTo(value, 6))
        expect(turnBetween(found.rpy.value, given)).toBeLessThan(1e-6)
        expect(found.condition).toBeLessThan(30)
      }),
      { numRuns: 200 },
    )
  })
})

test('the standard errors are the deviations of the parameters about the truth', () => {
  const truth = { mass: 1.3, centre: [0.02, -0.03, 0.09], bias: [3, -4, 12, 0.2, -0.1, 0.3], mount: [0.2, -0.4, 0.6] }
  const random = normal(5)
  const squares = new Map<string, number>()
  const runs = 400
  for (let run = 0; run < runs; run++) {
    const poses = posesOf(TURNS, truth, axis => (axis < 3 ? 0.05 : 0.004) * random())
    const found: Payload = identifyPayload(poses, { gravity: GRAVITY })
    const scores = {
      mass: (found.mass.value - truth.mass) / found.mass.standardError,
      cx: (found.centre.value[0] - truth.centre[0]!) / found.centre.standardError[0],
      cz: (found.centre.value[2] - truth.centre[2]!) / found.centre.standardError[2],
      fy: (found.forceBias.value[1] - truth.bias[1]!) / found.forceBias.standardError[1],
      tx: (found.torqueBias.value[0] - truth.bias[3]!) / found.torqueBias.standardError[0],
      // Three angles at once.
      turn: turnBetween(found.rpy.value, rpyOf(truth.mount)) / Math.hypot(...found.rpy.standardError),
    }
    for (const [name, score] of Object.entries(scores)) squares.set(name, (squares.get(name) ?? 0) + score * score)
  }
  for (const [name, square] of squares) {
    // With 17 degrees of freedom Student's deviation is 1.06. The limits are 4 standard errors of 400 runs from it.
    const deviation = Math.sqrt(square / runs)
    expect(deviation, name).toBeGreaterThan(0.9)
    expect(deviation, name).toBeLessThan(1.25)
  }
})

test('turning about the vertical alone leaves the parameters undetermined', () => {
  const truth = { mass: 1, centre: [0.01, 0, 0.05], bias: [0, 0, 0, 0, 0, 0], mount: [0, 0, 0] }
  const yaws = [0, 0.5, 1, 1.5, 2, 2.5].map(yaw => [0, 0, yaw])
  expect(identifyPayload(posesOf(yaws, truth), { gravity: GRAVITY, rpy: [0, 0, 0] }).condition).toBe(Infinity)
  // About one horizontal axis alone the centre along it stays open.
  const rolls = [0, 0.5, 1, 1.5, 2, 2.5].map(roll => [roll, 0, 0])
  expect(identifyPayload(posesOf(rolls, truth), { gravity: GRAVITY, rpy: [0, 0, 0] }).condition).toBeLessThan(30)
})

test('least squares are those of mathjs: solution, and the inverse of the normal matrix', () => {
  const entries = fc.array(fc.tuple(vector(3), real(10)), { minLength: 8, maxLength: 20 })
  fc.assert(
    fc.property(entries, rows => {
      const a = rows.map(([row], i) => row.map((value, j) => value + (i % 3 === j ? 5 : 0)))
      const b = rows.map(([, value]) => value)
      const { x, covariance } = leastSquares(a, b)
      const normalMatrix = multiply(transpose(matrix(a)), matrix(a))
      const inverted = inv(normalMatrix)
      const expected = multiply(multiply(inverted, transpose(matrix(a))), matrix(b))
      expected.toArray().forEach((value, i) => expect(x[i]).toBeCloseTo(Number(value), 8))
      inverted
        .toArray()
        .flat()
        .forEach((value, i) => expect(covariance[i]).toBeCloseTo(Number(value), 8))
    }),
  )
})

test('the condition number of two columns is that of the angle between them', () => {
  for (const angle of [1.5, 0.5, 0.1, 0.01]) {
    const { condition } = leastSquares(
      [
        [1, 7 * Math.cos(angle)],
        [0, 7 * Math.sin(angle)],
      ],
      [0, 0],
    )
    const c = Math.cos(angle)
    expect(condition / Math.sqrt((1 + c) / (1 - c))).toBeCloseTo(1, 6)
  }
  const alike = [
    [1, 2],
    [1, 2],
    [1, 2],
  ]
  expect(leastSquares(alike, [1, 2, 3]).condition).toBe(Infinity)
})

test('eigenvalues and eigenvectors fulfil their definition', () => {
  fc.assert(
    fc.property(fc.array(real(10), { minLength: 15, maxLength: 15 }), values => {
      const n = 5
      const a = new Float64Array(n * n)
      let next = 0
      for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) a[n * i + j] = a[n * j + i] = values[next++]!
      const { values: eigenvalues, vectors } = symmetricEigen(a, n)
      expect([...eigenvalues]).toEqual([...eigenvalues].sort((x, y) => x - y))
      for (let e = 0; e < n; e++) {
        const column = [...Array(n).keys()].map(i => vectors[n * i + e]!)
        expect(Math.hypot(...column)).toBeCloseTo(1, 12)
        for (let i = 0; i < n; i++) {
          const turned = column.reduce((sum, value, j) => sum + a[n * i + j]! * value, 0)
          expect(turned).toBeCloseTo(eigenvalues[e]! * column[i]!, 9)
        }
      }
    }),
  )
})

test('the best rotation is the one that made the pairs, whatever offset and length they have', () => {
  fc.assert(
    fc.property(vector(1.7), vector(5), fc.double({ min: 0.1, max: 9, noNaN: true }), (turn, offset, scale) => {
      const pairs = TURNS.map(([a, b, c]) => {
        const from = [a + offset[0], b + offset[1], c + offset[2]]
        return { from, to: rotate(transform(turn), from).map(value => value * scale - 3) }
      })
      expect(turnBetween(rpyOfMatrix(bestRotation(pairs)), rpyOf(turn))).toBeLessThan(1e-6)
    }),
  )
})
