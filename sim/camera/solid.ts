/** Largest number of rays that are cast at once. */
export const RUN = 8

/**
 * The shape of a geom for ray casting, in the geom's own frame. `hit` takes `count` rays (unit vectors, 3 numbers each)
 * from the point x, y, z. For each it writes the distance in m to the first surface ahead; Infinity: none. `normal`
 * replaces a point of the surface by the outward normal there.
 */
export interface Solid {
  hit(x: number, y: number, z: number, rays: Float64Array, count: number, distances: Float64Array): void
  normal(point: Float64Array): void
}

/** The solid of MJCF's `type` and `size` (half-extents, m); undefined when it is not a primitive. */
export function solidOf(
  type: string,
  [a = NaN, b = NaN, c = NaN]: ArrayLike<number> & Iterable<number>,
): Solid | undefined {
  switch (type) {
    case 'plane':
      return plane(a, b)
    case 'box':
      return box(a, b, c)
    case 'sphere':
      return ellipsoid(a, a, a)
    case 'ellipsoid':
      return ellipsoid(a, b, c)
    case 'cylinder':
      return cylinder(a, b)
    case 'capsule':
      return capsule(a, b)
    default:
      return undefined
  }
}

/**
 * A ray is inside a convex solid from `enter` to `leave`. When its origin is inside, the surface ahead is at `leave`.
 */
const ahead = (enter: number, leave: number): number =>
  !(enter <= leave) || leave < 0 ? Infinity : enter >= 0 ? enter : leave

/** A plane without thickness that is visible from above only. An extent of 0 means infinite. */
const plane = (a: number, b: number): Solid => ({
  hit(x, y, z, rays, count, distances) {
    for (let i = 0, r = 0; i < count; i++, r += 3) {
      const t = -z / rays[r + 2]!
      const within =
        t >= 0 &&
        rays[r + 2]! < 0 &&
        (a === 0 || Math.abs(x + t * rays[r]!) <= a) &&
        (b === 0 || Math.abs(y + t * rays[r + 1]!) <= b)
      distances[i] = within ? t : Infinity
    }
  },
  normal(point) {
    point[0] = point[1] = 0
    point[2] = 1
  },
})

/** A ray hits it when it is between all three pairs of faces at once. */
const box = (a: number, b: number, c: number): Solid => ({
  hit(x, y, z, rays, count, distances) {
    for (let i = 0, r = 0; i < count; i++, r += 3) {
      const dx = rays[r]!,
        dy = rays[r + 1]!,
        dz = rays[r + 2]!
      const x0 = (-a - x) / dx,
        x1 = (a - x) / dx,
        y0 = (-b - y) / dy,
        y1 = (b - y) / dy,
        z0 = (-c - z) / dz,
        z1 = (c - z) / dz
      distances[i] = ahead(
        Math.max(Math.min(x0, x1), Math.min(y0, y1), Math.min(z0, z1)),
        Math.min(Math.max(x0, x1), Math.max(y0, y1), Math.max(z0, z1)),
      )
    }
  },
  normal(point) {
    const x = Math.abs(point[0]!) - a,
      y = Math.abs(point[1]!) - b,
      z = Math.abs(point[2]!) - c
    const axis = x >= y ? (x >= z ? 0 : 2) : y >= z ? 1 : 2
    for (let i = 0; i < 3; i++) point[i] = i === axis ? Math.sign(point[i]!) : 0
  },
})

/** In scaled coordinates it is a unit sphere. */
const ellipsoid = (a: number, b: number, c: number): Solid => ({
  hit(x, y, z, rays, count, distances) {
    const ox = x / a,
      oy = y / b,
      oz = z / c
    const outside = ox * ox + oy * oy + oz * oz - 1
    for (let i = 0, r = 0; i < count; i++, r += 3) {
      const dx = rays[r]! / a,
        dy = rays[r + 1]! / b,
        dz = rays[r + 2]! / c
      const square = dx * dx + dy * dy + dz * dz,
        half = dx * ox + dy * oy + dz * oz
      const root = Math.sqrt(half * half - square * outside)
      distances[i] = ahead((-half - root) / square, (-half + root) / square)
    }
  },
  normal(point) {
    unit(point, point[0]! / (a * a), point[1]! / (b * b), point[2]! / (c * c))
  },
})

/** Squared sine below which a ray counts as parallel to the axis. */
const PARALLEL = 1e-30

/** A ray hits it when it is inside the round side and between the flat faces at once. */
const cylinder = (radius: number, half: number): Solid => ({
  hit(x, y, z, rays, count, distances) {
    const outside = x * x + y * y - radius * radius
    for (let i = 0, r = 0; i < count; i++, r += 3) {
      const dx = rays[r]!,
        dy = rays[r + 1]!,
        dz = rays[r + 2]!
      const square = Math.max(dx * dx + dy * dy, PARALLEL),
        along = dx * x + dy * y
      const root = Math.sqrt(along * along - square * outside)
      const z0 = (-half - z) / dz,
        z1 = (half - z) / dz
      distances[i] = ahead(
        Math.max((-along - root) / square, Math.min(z0, z1)),
        Math.min((-along + root) / square, Math.max(z0, z1)),
      )
    }
  },
  normal(point) {
    const [x = NaN, y = NaN, z = NaN] = point
    if (Math.abs(z) - half >= Math.hypot(x, y) - radius) unit(point, 0, 0, z)
    else unit(point, x, y, 0)
  },
})

/** A cylinder with a sphere at each end, seen from outside. The nearest hit counts. */
const capsule = (radius: number, half: number): Solid => {
  const side = cylinder(radius, half),
    end = ellipsoid(radius, radius, radius)
  const other = new Float64Array(RUN)
  return {
    hit(x, y, z, rays, count, distances) {
      side.hit(x, y, z, rays, count, distances)
      for (const centre of [-half, half]) {
        end.hit(x, y, z - centre, rays, count, other)
        for (let i = 0; i < count; i++) distances[i] = Math.min(distances[i]!, other[i]!)
      }
    },
    normal(point) {
      unit(point, point[0]!, point[1]!, point[2]! - Math.min(Math.max(point[2]!, -half), half))
    },
  }
}

/** Writes the unit vector of x, y, z. */
function unit(out: Float64Array, x: number, y: number, z: number): void {
  const inverse = 1 / Math.sqrt(x * x + y * y + z * z)
  out[0] = x * inverse
  out[1] = y * inverse
  out[2] = z * inverse
}
