import { centreOf, extentOf, surfaceOf } from './geometry.js'
import type { Part } from './object.js'

/** A grasp of an object that stands as it was placed, in the object's frame. */
export interface Grasp {
  /**
   * Yaw of the tool frame relative to the object's x axis, rad, in [0, pi). The fingers are alike, so yaw + pi is the
   * same grasp.
   */
  readonly yaw: number
  /** Position of the TCP in m: x and y from the object's origin, `z` above the table. */
  readonly x: number
  readonly y: number
  readonly z: number
  /** Distance between the pads when both touch the object, m. */
  readonly width: number
}

/** Widths that the gripper can grasp with some room on both sides, m. */
export const GRASP_WIDTH = { min: 0.012, max: 0.07 } as const
const TURNS = 24
const HEIGHTS = [0.04, 0.035, 0.03, 0.025, 0.02, 0.015]

/**
 * The grasps of an object from its shape, the best one first; empty: none. For each height and yaw the slab between the
 * pads is cut out of the surface. It is a grasp when both outermost sides face the pads. A grasp is better when it is
 * closer to the centre of mass, when its sides are flatter, and when it is narrower.
 */
export function graspsOf(parts: readonly Part[]): readonly Grasp[] {
  let grasps = known.get(parts)
  if (grasps === undefined) known.set(parts, (grasps = search(parts)))
  return grasps
}

const known = new WeakMap<readonly Part[], readonly Grasp[]>()

function search(parts: readonly Part[]): Grasp[] {
  const surface = surfaceOf(parts)
  const { bottom } = extentOf(surface)
  const centre = centreOf(parts)
  const found: { grasp: Grasp; cost: number }[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    const yaw = (Math.PI * turn) / TURNS
    let best: { grasp: Grasp; cost: number } | undefined
    for (const z of HEIGHTS) {
      const candidate = squeeze(surface.data, bottom, centre, yaw, z)
      if (candidate !== undefined && (best === undefined || candidate.cost < best.cost)) best = candidate
    }
    if (best !== undefined) found.push(best)
  }
  const least = Math.min(...found.map(({ cost }) => cost))
  return found
    .filter(({ cost }) => cost <= least + 0.006)
    .sort((a, b) => a.cost - b.cost)
    .map(({ grasp }) => grasp)
}

/** The tool points down, so its closing direction (its y) at `yaw` is (sin, -cos) in the object's frame. */
function squeeze(
  surface: Float64Array,
  bottom: number,
  centre: readonly number[],
  yaw: number,
  z: number,
): { grasp: Grasp; cost: number } | undefined {
  const [cos, sin] = [Math.cos(yaw), Math.sin(yaw)]
  const [cx = NaN, cy = NaN, cz = NaN] = centre
  let low = Infinity
  let high = -Infinity
  const slab: number[] = []
  for (let i = 0; i < surface.length; i += 6) {
    const x = surface[i]! - cx
    const y = surface[i + 1]! - cy
    const h = surface[i + 2]! - bottom
    const along = x * cos + y * sin
    if (h < z - 0.01 || h > z + 0.02 || Math.abs(along) > 0.012) continue
    const across = x * sin - y * cos
    low = Math.min(low, across)
    high = Math.max(high, across)
    slab.push(across, surface[i + 3]! * sin - surface[i + 4]! * cos, h)
  }
  const width = high - low
  if (!(width >= GRASP_WIDTH.min && width <= GRASP_WIDTH.max)) return undefined
  let facingLow = 0
  let facingHigh = 0
  let contactHeight = 0
  for (let i = 0; i < slab.length; i += 3) {
    const across = slab[i]!
    const normal = slab[i + 1]!
    if (across < low + 0.0015) facingLow = Math.max(facingLow, -normal)
    if (across > high - 0.0015) {
      if (normal > facingHigh) contactHeight = slab[i + 2]!
      facingHigh = Math.max(facingHigh, normal)
    }
  }
  const facing = Math.min(facingLow, facingHigh)
  if (facing < 0.99 || contactHeight < z - 0.01) return undefined
  const middle = (low + high) / 2
  const cost = 0.15 * width + 0.2 * (1 - facing) + 0.3 * Math.abs(cz - bottom - z) + 0.5 * Math.abs(middle)
  return { grasp: { yaw, x: cx + middle * sin, y: cy - middle * cos, z, width }, cost }
}
