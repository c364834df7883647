import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { SimError } from '../sim-error.js'
import { RUN, solidOf } from './solid.js'
import type { Solid } from './solid.js'

/** The first hit of each ray in a bundle. */
export interface Hits {
  /** Distance along each ray, m; Infinity: nothing is hit. */
  readonly distances: Float64Array
  /** Id of the geom that is hit; -1: none. */
  readonly geoms: Int32Array
}

/** Buffers for the hits of `count` rays. */
export const hitsOf = (count: number): Hits => ({ distances: new Float64Array(count), geoms: new Int32Array(count) })

/**
 * Casts rays at a model's visible geoms, which must be primitives. Neighbouring rays of a bundle must point in similar
 * directions. Each run of neighbours is enclosed in a cone, and a geom is tested only for the runs whose cone meets the
 * geom's bounding sphere.
 */
export class RayCaster {
  readonly #geoms: readonly { readonly id: number; readonly solid: Solid; readonly radius: number }[]
  readonly #solids: readonly (Solid | undefined)[]
  #positions: Float64Array = new Float64Array(0)
  #rotations: Float64Array = new Float64Array(0)
  /** Of each run's cone: axis (x, y, z), and cosine and sine of the angle to its outermost ray. */
  #cones = new Float64Array(0)
  readonly #local = new Float64Array(3 * RUN)
  readonly #distances = new Float64Array(RUN)
  readonly #point = new Float64Array(3)

  /** Throws SimError CAMERA_SHAPE when a visible geom is not a primitive. */
  constructor(mj: MainModule, model: MjModel) {
    this.#solids = solidsOf(mj, model)
    const radii = model.geom_rbound as Float64Array
    // MuJoCo gives a geom of infinite size the radius 0.
    this.#geoms = this.#solids.flatMap((solid, id) =>
      solid === undefined ? [] : [{ id, solid, radius: radii[id] === 0 ? Infinity : radii[id]! }],
    )
  }

  /** Takes the geoms' poses for the following casts. */
  pose(data: MjData): void {
    this.#positions = data.geom_xpos as Float64Array
    this.#rotations = data.geom_xmat as Float64Array
  }

  /** Casts a ray for each of `hits` from one origin. `rays`: unit vectors in the world frame, 3 numbers each. */
  cast([ox = NaN, oy = NaN, oz = NaN]: readonly number[], rays: Float64Array, { distances, geoms }: Hits): void {
    const positions = this.#positions,
      local = this.#local,
      found = this.#distances
    const count = distances.length
    const cones = this.#enclose(rays, count)
    distances.fill(Infinity)
    geoms.fill(-1)
    for (const { id, solid, radius } of this.#geoms) {
      const x = ox - positions[3 * id]!,
        y = oy - positions[3 * id + 1]!,
        z = oz - positions[3 * id + 2]!
      const [a = NaN, b = NaN, c = NaN, d = NaN, e = NaN, f = NaN, g = NaN, h = NaN, k = NaN] =
        this.#rotations.subarray(9 * id, 9 * id + 9)
      const lx = a * x + d * y + g * z,
        ly = b * x + e * y + h * z,
        lz = c * x + f * y + k * z
      const square = x * x + y * y + z * z,
        clear = square - radius * radius
      // Seen from the origin, the sphere has a radius of asin(radius / distance). A run meets it when the angle to its
      // axis is less than this radius and the cone's angle together.
      const far = Math.sqrt(square),
        sine = radius / far,
        cosine = clear > 0 ? Math.sqrt(clear) / far : 0
      for (let from = 0, cone = 0; from < count; from += RUN, cone += 5) {
        if (clear > 0) {
          const towards = -(x * cones[cone]! + y * cones[cone + 1]! + z * cones[cone + 2]!)
          if (towards < far * (cosine * cones[cone + 3]! - sine * cones[cone + 4]!) - MARGIN) continue
        }
        const n = Math.min(RUN, count - from)
        for (let i = 0, r = 3 * from; i < 3 * n; i += 3, r += 3) {
          const dx = rays[r]!,
            dy = rays[r + 1]!,
            dz = rays[r + 2]!
          local[i] = a * dx + d * dy + g * dz
          local[i + 1] = b * dx + e * dy + h * dz
          local[i + 2] = c * dx + f * dy + k * dz
        }
        solid.hit(lx, ly, lz, local, n, found)
        for (let i = 0; i < n; i++) {
          if (found[i]! >= distances[from + i]!) continue
          distances[from + i] = found[i]!
          geoms[from + i] = id
        }
      }
    }
  }

  /** Writes the outward normal of `geom` at a point of its surface into `out`, both in the world frame. */
  normal(geom: number, x: number, y: number, z: number, out: Float64Array): void {
    const p = this.#positions,
      m = this.#rotations,
      point = this.#point,
      i = 3 * geom,
      j = 9 * geom
    const dx = x - p[i]!,
      dy = y - p[i + 1]!,
      dz = z - p[i + 2]!
    point[0] = m[j]! * dx + m[j + 3]! * dy + m[j + 6]! * dz
    point[1] = m[j + 1]! * dx + m[j + 4]! * dy + m[j + 7]! * dz
    point[2] = m[j + 2]! * dx + m[j + 5]! * dy + m[j + 8]! * dz
    this.#solids[geom]?.normal(point)
    out[0] = m[j]! * point[0] + m[j + 1]! * point[1] + m[j + 2]! * point[2]
    out[1] = m[j + 3]! * point[0] + m[j + 4]! * point[1] + m[j + 5]! * point[2]
    out[2] = m[j + 6]! * point[0] + m[j + 7]! * point[1] + m[j + 8]! * point[2]
  }

  /** Encloses each run of rays in a cone. */
  #enclose(rays: Float64Array, count: number): Float64Array {
    const runs = Math.ceil(count / RUN)
    if (this.#cones.length < 5 * runs) this.#cones = new Float64Array(5 * runs)
    const cones = this.#cones
    for (let from = 0, cone = 0; from < count; from += RUN, cone += 5) {
      const end = 3 * Math.min(from + RUN, count)
      let x = 0,
        y = 0,
        z = 0
      for (let r = 3 * from; r < end; r += 3) {
        x += rays[r]!
        y += rays[r + 1]!
        z += rays[r + 2]!
      }
      const inverse = 1 / Math.sqrt(x * x + y * y + z * z)
      x *= inverse
      y *= inverse
      z *= inverse
      let cosine = 1
      for (let r = 3 * from; r < end; r += 3)
        cosine = Math.min(cosine, x * rays[r]! + y * rays[r + 1]! + z * rays[r + 2]!)
      cones[cone] = x
      cones[cone + 1] = y
      cones[cone + 2] = z
      // A cone wider than a half-space must meet every sphere: a comparison with NaN is always false.
      cones[cone + 3] = cosine > 0 ? cosine : NaN
      cones[cone + 4] = Math.sqrt(1 - cosine * cosine)
    }
    return cones
  }
}

/** m; keeps rounding from dropping a hit. */
const MARGIN = 1e-6

/** The solids by geom id; undefined: invisible. Throws SimError CAMERA_SHAPE. */
function solidsOf(mj: MainModule, model: MjModel): (Solid | undefined)[] {
  const { mjGEOM_PLANE, mjGEOM_SPHERE, mjGEOM_CAPSULE, mjGEOM_ELLIPSOID, mjGEOM_CYLINDER, mjGEOM_BOX } = mj.mjtGeom
  const names = new Map<number, string>([
    [mjGEOM_PLANE.value, 'plane'],
    [mjGEOM_SPHERE.value, 'sphere'],
    [mjGEOM_CAPSULE.value, 'capsule'],
    [mjGEOM_ELLIPSOID.value, 'ellipsoid'],
    [mjGEOM_CYLINDER.value, 'cylinder'],
    [mjGEOM_BOX.value, 'box'],
  ])
  const types = model.geom_type as Int32Array,
    sizes = model.geom_size as Float64Array
  const rgba = model.geom_rgba as Float32Array,
    material = model.geom_matid as Int32Array,
    materials = model.mat_rgba as Float32Array
  return Array.from(types, (type, id) => {
    if ((material[id]! >= 0 ? materials[4 * material[id]! + 3] : rgba[4 * id + 3]) === 0) return undefined
    const solid = solidOf(names.get(type) ?? '', sizes.subarray(3 * id, 3 * id + 3))
    if (solid === undefined)
      throw new SimError(
        'CAMERA_SHAPE',
        `geom ${id}: the camera sees primitives only (plane, sphere, capsule, ellipsoid, cylinder, box), ` +
          `not MuJoCo's geom type ${type}`,
      )
    return solid
  })
}
