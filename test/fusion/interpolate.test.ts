import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { interpolatePose, lerp } from '../../fusion/interpolation.js'

type Q = [number, number, number, number]
const multiply = ([ax, ay, az, aw]: Q, [bx, by, bz, bw]: Q): Q => [
  aw * bx + ax * bw + ay * bz - az * by,
  aw * by - ax * bz + ay * bw + az * bx,
  aw * bz + ax * by - ay * bx + az * bw,
  aw * bw - ax * bx - ay * by - az * bz,
]
const about = (axis: readonly number[], angle: number): Q => {
  const length = Math.hypot(...axis)
  const s = Math.sin(angle / 2) / length
  return [(axis[0] as number) * s, (axis[1] as number) * s, (axis[2] as number) * s, Math.cos(angle / 2)]
}

describe('interpolation', () => {
  test(
    'of a pose turns at constant rate about the axis between the two, along the shorter arc, whatever ' + 'the signs',
    () => {
      const unit = fc.double({ min: 0.1, max: 1, noNaN: true })
      fc.assert(
        fc.property(
          fc.tuple(unit, unit, unit),
          fc.double({ min: -3, max: 3, noNaN: true }),
          fc.tuple(unit, unit, unit),
          fc.double({ min: -3.1, max: 3.1, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.boolean(),
          (axis0, angle0, axis, angle, w, flip) => {
            const start = about(axis0, angle0)
            const end = multiply(about(axis, angle), start)
            const want = multiply(about(axis, angle * w), start)
            const a = new Float64Array([0, 1, 2, ...start])
            const b = new Float64Array([1, 1, 0, ...end.map(v => (flip ? -v : v))])
            const got = interpolatePose(a, b, w, new Float64Array(7))
            expect(got[0]).toBeCloseTo(w, 12)
            expect(got[2]).toBeCloseTo(2 - 2 * w, 12)
            for (let i = 0; i < 4; i++) expect(got[3 + i]).toBeCloseTo(want[i] as number, 9)
          },
        ),
      )
    },
  )

  test('of vectors is linear and exact at both ends', () => {
    const a = new Float64Array([0.1, 5])
    const b = new Float64Array([0.3, -5])
    expect([...lerp(a, b, 0, new Float64Array(2))]).toEqual([0.1, 5])
    expect([...lerp(a, b, 0.25, new Float64Array(2))]).toEqual([0.1 + 0.25 * (0.3 - 0.1), 2.5])
  })
})
