import { describe, expect, it } from 'vitest'
import { TwistLimiter, type TwistLimits } from '../../control/arm/twist-limiter.js'
import { Random } from '../../sim/embedded/random.js'
import { MS } from './controller-rig.js'

const LIMITS: TwistLimits = {
  workspace: { x: [-0.2, 0.2], y: [-0.1, 0.3], z: [0, 0.4] },
  speed: 0.5,
  turnRate: 2,
  acceleration: 2,
  turnAcceleration: 10,
  axes: 'base',
}
/** Turned by a quarter about z, then by a quarter about its own x. */
const TURNED = [0.5, 0.5, 0.5, 0.5]

/** The rotation matrix of a quaternion, row-major, written from its definition: independent of what is tested. */
function matrixOf([x, y, z, w]: readonly number[]): number[] {
  return [
    1 - 2 * (y * y + z * z),
    2 * (x * y - z * w),
    2 * (x * z + y * w),
    2 * (x * y + z * w),
    1 - 2 * (x * x + z * z),
    2 * (y * z - x * w),
    2 * (x * z - y * w),
    2 * (y * z + x * w),
    1 - 2 * (x * x + y * y),
  ]
}

/** A tool that moves as it is told and does not turn. It is measured every 8 ms. */
class Tool {
  now = 0
  readonly at = [0, 0, 0.2]
  readonly sent: number[][] = []
  readonly limiter: TwistLimiter
  readonly #matrix: readonly number[]
  #stamp = 0

  readonly #rotation: readonly number[]

  constructor(limits: TwistLimits = LIMITS, rotation: readonly number[] = [0, 0, 0, 1]) {
    this.#rotation = rotation
    this.limiter = new TwistLimiter(limits)
    this.#matrix = matrixOf(limits.axes === 'tool' ? rotation : [0, 0, 0, 1])
    this.#measure()
  }

  step(desired: readonly number[] | undefined): void {
    for (let ms = 0; ms < 10; ms++) {
      this.now += MS
      const [vx, vy, vz] = this.limiter.command
      for (let i = 0; i < 3; i++)
        this.at[i]! +=
          (this.#matrix[3 * i]! * vx! + this.#matrix[3 * i + 1]! * vy! + this.#matrix[3 * i + 2]! * vz!) / 1000
      if ((this.now / MS) % 8 === 0) this.#measure()
    }
    this.limiter.step(desired && Float64Array.from(desired), this.now, this.now - this.#stamp)
    this.sent.push([...this.limiter.command])
  }

  #measure(): void {
    this.#stamp = this.now
    this.limiter.hear(Float64Array.of(...this.at, ...this.#rotation))
  }
}

const norm = (values: readonly number[]): number => Math.hypot(...values)

describe('a tool that takes velocities', () => {
  it('reaches what is desired within its speeds and accelerations, each part in its direction', () => {
    const tool = new Tool()
    for (let n = 0; n < 30; n++) tool.step([0.3, 0.4, 0, 0, 0, 8])
    expect(tool.sent.at(-1)!.map(value => Math.round(value * 1e9) / 1e9)).toEqual([0.3, 0.4, 0, 0, 0, 2])
    for (let n = 0; n < 30; n++) tool.step(undefined)
    expect(tool.sent.at(-1)).toEqual([0, 0, 0, 0, 0, 0])
    tool.sent.slice(1).forEach((twist, n) => {
      const change = twist.map((value, i) => value - tool.sent[n]![i]!)
      expect(norm(change.slice(0, 3))).toBeLessThanOrEqual(0.02 + 1e-9)
      expect(norm(change.slice(3))).toBeLessThanOrEqual(0.1 + 1e-9)
    })
  })

  it('does nothing with a NaN', () => {
    const tool = new Tool()
    for (let n = 0; n < 5; n++) tool.step([0.1, NaN, 0, 0, 0, 1])
    expect(tool.sent.flat().every(value => value === 0)).toBe(true)
  })

  it('goes on along a side of the workspace', () => {
    const tool = new Tool()
    for (let n = 0; n < 80; n++) tool.step([0.3, 0.1, 0, 0, 0, 0])
    expect(tool.at[0]).toBeGreaterThan(0.19)
    expect(tool.sent.at(-1)![1]).toBeCloseTo(0.1, 6)
  })

  it.each<[string, TwistLimits, readonly number[]]>([
    ['in the frame of its poses', LIMITS, TURNED],
    ['in its own frame', { ...LIMITS, axes: 'tool' }, TURNED],
    ['without limits of acceleration', { ...LIMITS, acceleration: undefined, turnAcceleration: undefined }, TURNED],
  ])('never leaves the workspace, whatever is desired: %s', (_what, limits, rotation) => {
    const random = new Random(5, _what)
    const tool = new Tool(limits, rotation)
    const sides = [LIMITS.workspace.x, LIMITS.workspace.y, LIMITS.workspace.z]
    let desired = [0, 0, 0, 0, 0, 0]
    let nearest = Infinity
    for (let n = 0; n < 4000; n++) {
      if (n % 60 === 0) desired = desired.map(() => random.uniform(-1.5, 1.5))
      tool.step(desired)
      tool.at.forEach((at, i) => {
        nearest = Math.min(nearest, at - sides[i]![0], sides[i]![1] - at)
      })
    }
    expect(nearest).toBeGreaterThan(-1e-6)
    expect(nearest).toBeLessThan(0.005)
    expect(Math.max(...tool.sent.map(twist => norm(twist.slice(0, 3))))).toBeLessThanOrEqual(0.5 + 1e-9)
  })

  it('that is outside comes back, and goes no further', () => {
    const tool = new Tool()
    tool.at[0] = 0.25
    tool.limiter.hear(Float64Array.of(0.25, 0, 0.2, 0, 0, 0, 1))
    for (let n = 0; n < 10; n++) tool.step([0.3, 0, 0, 0, 0, 0])
    expect(tool.at[0]).toBe(0.25)
    for (let n = 0; n < 60; n++) tool.step([-0.3, 0, 0, 0, 0, 0])
    expect(tool.at[0]).toBeLessThan(0.2)
  })
})
