import { volumeOf } from './object.js'
import type { Part } from './object.js'

/**
 * Points on the surface of an object with their outward normals, in the object's frame: n rows of x, y, z, nx, ny, nz.
 */
export interface Surface {
  readonly count: number
  readonly data: Float64Array
}

/** Centre of mass of parts with the same density, m. */
export function centreOf(parts: readonly Part[]): [number, number, number] {
  const centre: [number, number, number] = [0, 0, 0]
  let total = 0
  for (const part of parts) {
    const volume = volumeOf(part)
    total += volume
    for (let i = 0; i < 3; i++) centre[i] = (centre[i] ?? 0) + volume * (part.pos[i] ?? 0)
  }
  return [centre[0] / total, centre[1] / total, centre[2] / total]
}

/**
 * Samples the surfaces of all parts about every 4 mm. Points of one part that lie inside another are kept: they do not
 * change the extent.
 */
export function surfaceOf(parts: readonly Part[]): Surface {
  let surface = surfaces.get(parts)
  if (surface === undefined) surfaces.set(parts, (surface = sampleAll(parts)))
  return surface
}

const surfaces = new WeakMap<readonly Part[], Surface>()

function sampleAll(parts: readonly Part[]): Surface {
  const rows: number[] = []
  for (const part of parts) {
    sample(part, (x, y, z, nx, ny, nz) => {
      const p = rotate(part.quat, x, y, z)
      const n = rotate(part.quat, nx, ny, nz)
      rows.push(p[0] + part.pos[0], p[1] + part.pos[1], p[2] + part.pos[2], n[0], n[1], n[2])
    })
  }
  return { count: rows.length / 6, data: Float64Array.from(rows) }
}

/** Lowest and highest point, and the largest distance from the vertical axis through the origin, m. */
export interface Extent {
  readonly bottom: number
  readonly top: number
  readonly radius: number
}

/** The extent of a surface, which is measured once. */
export function extentOf(surface: Surface): Extent {
  let extent = extents.get(surface)
  if (extent === undefined) extents.set(surface, (extent = measure(surface)))
  return extent
}

const extents = new WeakMap<Surface, Extent>()

function measure({ count, data }: Surface): Extent {
  let bottom = Infinity
  let top = -Infinity
  let radius = 0
  for (let i = 0; i < count; i++) {
    const x = data[6 * i]!
    const y = data[6 * i + 1]!
    const z = data[6 * i + 2]!
    bottom = Math.min(bottom, z)
    top = Math.max(top, z)
    radius = Math.max(radius, Math.hypot(x, y))
  }
  return { bottom, top, radius }
}

type Emit = (x: number, y: number, z: number, nx: number, ny: number, nz: number) => void

function sample({ shape, size }: Part, emit: Emit): void {
  const [a = 0, b = 0, c = 0] = size
  const steps = (length: number): number => Math.max(2, Math.ceil(length / 0.004))
  const turns = 48
  switch (shape) {
    case 'box': {
      const half = [a, b, c]
      for (let axis = 0; axis < 3; axis++) {
        const u = (axis + 1) % 3
        const v = (axis + 2) % 3
        const nu = steps(2 * (half[u] ?? 0))
        const nv = steps(2 * (half[v] ?? 0))
        for (const side of [-1, 1]) {
          for (let i = 0; i <= nu; i++) {
            for (let j = 0; j <= nv; j++) {
              const p = [0, 0, 0]
              const n = [0, 0, 0]
              p[axis] = side * (half[axis] ?? 0)
              n[axis] = side
              p[u] = ((2 * i) / nu - 1) * (half[u] ?? 0)
              p[v] = ((2 * j) / nv - 1) * (half[v] ?? 0)
              emit(p[0] ?? 0, p[1] ?? 0, p[2] ?? 0, n[0] ?? 0, n[1] ?? 0, n[2] ?? 0)
            }
          }
        }
      }
      return
    }
    case 'cylinder':
    case 'capsule':
      for (let i = 0; i < turns; i++) {
        const [cos, sin] = [Math.cos((2 * Math.PI * i) / turns), Math.sin((2 * Math.PI * i) / turns)]
        const nz = steps(2 * b)
        for (let j = 0; j <= nz; j++) emit(a * cos, a * sin, ((2 * j) / nz - 1) * b, cos, sin, 0)
        const nr = steps(a)
        for (const side of [-1, 1]) {
          for (let j = 0; j <= nr; j++) {
            if (shape === 'cylinder') emit((a * cos * j) / nr, (a * sin * j) / nr, side * b, 0, 0, side)
            else {
              const [up, out] = [Math.sin(((Math.PI / 2) * j) / nr), Math.cos(((Math.PI / 2) * j) / nr)]
              emit(a * out * cos, a * out * sin, side * (b + a * up), out * cos, out * sin, side * up)
            }
          }
        }
      }
      return
    case 'sphere':
    case 'ellipsoid': {
      const [rx, ry, rz] = shape === 'sphere' ? [a, a, a] : [a, b, c]
      for (let i = 0; i < turns; i++) {
        const [cos, sin] = [Math.cos((2 * Math.PI * i) / turns), Math.sin((2 * Math.PI * i) / turns)]
        for (let j = 0; j <= 24; j++) {
          const [up, out] = [Math.sin(Math.PI * (j / 24 - 0.5)), Math.cos(Math.PI * (j / 24 - 0.5))]
          const n = [(out * cos) / rx, (out * sin) / ry, up / rz] as const
          const length = Math.hypot(...n)
          emit(rx * out * cos, ry * out * sin, rz * up, n[0] / length, n[1] / length, n[2] / length)
        }
      }
    }
  }
}

function rotate(
  [w, x, y, z]: readonly [number, number, number, number],
  px: number,
  py: number,
  pz: number,
): [number, number, number] {
  const tx = 2 * (y * pz - z * py)
  const ty = 2 * (z * px - x * pz)
  const tz = 2 * (x * py - y * px)
  return [px + w * tx + y * tz - z * ty, py + w * ty + z * tx - x * tz, pz + w * tz + x * ty - y * tx]
}
