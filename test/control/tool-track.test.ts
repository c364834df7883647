import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { poseOf } from '../../control/arm/tool-pose.js'
import { ToolTrack } from '../../control/arm/tool-track.js'

const limits = {
  workspace: { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0.01, 0.4] },
  speed: 0.35,
  yawRate: Math.PI,
} as const
const MS = 1e6
const pose = (x: number, y = 0, z = 0.2, yaw = 0): Float64Array => poseOf({ x, y, z, yaw }, new Float64Array(7))

/** A tool that moves evenly from `from` for `ms` and is measured every 4 ms. */
function moving(
  from: readonly [number, number, number, number],
  velocity: readonly [number, number, number, number],
  ms = 40,
): ToolTrack {
  const track = new ToolTrack(limits)
  for (let t = 0; t <= ms; t += 4) {
    const [x, y, z, yaw] = from.map((start, i) => start + (velocity[i] * t) / 1e3)
    track.hear(pose(x, y, z, yaw), t * MS, t * MS)
  }
  return track
}

describe('a tool', () => {
  it.each<[string, [number, number, number, number], boolean]>([
    ['that stands', [0, 0, 0, 0], false],
    ['whose poses are noisy', [0.006, -0.006, 0, 0.1], false],
    ['that glides', [0, 0.02, -0.02, 0], true],
    ['that turns', [0, 0, 0, -0.3], true],
  ])('%s', (_what, velocity, moves) => {
    expect(moving([0, 0, 0.2, 0], velocity).moves).toBe(moves)
  })
})

describe('where the tool comes to rest', () => {
  it('is 25 ms of its motion and its turn further', () => {
    const { x, y, z, yaw } = moving([0, 0, 0.2, 0], [0.2, -0.1, 0.05, 1]).rest(40 * MS)
    expect([x, y, z, yaw]).toEqual(
      [0.04 * 0.2 + 0.005, -0.04 * 0.1 - 0.0025, 0.2 + 0.002 + 0.00125, 0.04 + 0.025].map(
        value => expect.closeTo(value, 9) as number,
      ),
    )
  })

  it('is further by the way since the measurement', () => {
    expect(moving([0, 0, 0.2, 0], [0.2, 0, 0, 0]).rest(48 * MS).x).toBeCloseTo(0.008 + 0.2 * 0.033, 9)
  })

  it('is its pose where the tool stands, was just found, or its time jumped', () => {
    expect(moving([0.1, 0, 0.2, 0.3], [0, 0, 0, 0]).rest(45 * MS)).toMatchObject({ x: 0.1, z: 0.2 })
    const track = moving([0, 0, 0.2, 0], [0.2, 0, 0, 0])
    track.hear(pose(0.1), 30 * MS, 44 * MS)
    expect(track.rest(44 * MS).x).toBe(0.1)
    track.restart()
    expect(track.known(44 * MS)).toBe(false)
    track.hear(pose(-0.1), 60 * MS, 60 * MS)
    expect(track.rest(60 * MS).x).toBe(-0.1)
    expect([track.known(160 * MS), track.known(161 * MS)]).toEqual([true, false])
  })

  it('never lies beyond the workspace or further than the limits allow; a tool outside does not move', () => {
    const coordinate = fc.double({ min: -0.5, max: 0.5, noNaN: true })
    const axes = fc.tuple(coordinate, coordinate, coordinate, fc.double({ min: -3, max: 3, noNaN: true }))
    fc.assert(
      fc.property(
        axes,
        fc.tuple(
          ...(Array.from({ length: 4 }, () => fc.double({ min: -5, max: 5, noNaN: true })) as [
            fc.Arbitrary<number>,
            fc.Arbitrary<number>,
            fc.Arbitrary<number>,
            fc.Arbitrary<number>,
          ]),
        ),
        (from, velocity) => {
          const track = moving(from, velocity, 8)
          const { at } = track
          const rest = track.rest(8 * MS)
          expect(Math.hypot(rest.x - at.x, rest.y - at.y, rest.z - at.z)).toBeLessThanOrEqual(0.35 * 0.025 + 1e-9)
          for (const axis of ['x', 'y', 'z'] as const) {
            const [low, high] = limits.workspace[axis]
            expect(rest[axis]).toBeGreaterThanOrEqual(Math.min(low, at[axis]))
            expect(rest[axis]).toBeLessThanOrEqual(Math.max(high, at[axis]))
          }
        },
      ),
    )
  })
})
