import type { Channel } from './action-kind.js'

/** A way to write a rotation in the columns of a chunk. */
export interface RotationForm {
  readonly columns: readonly Channel[]
  /**
   * Writes the unit quaternion (qx, qy, qz, qw) of the columns at data[from …] to out[at …]. False where they are no
   * rotation.
   */
  decode(data: Float32Array, from: number, out: Float64Array, at: number): boolean
}

/** A quaternion or a column of a matrix shorter than this has no direction. */
const SHORTEST = 1e-6

const plain = (...names: string[]): readonly Channel[] => names.map(name => ({ name, unit: '' }))

/** A quaternion of any length: what a network gives has none exactly. */
const quaternion: RotationForm = {
  columns: plain('qx', 'qy', 'qz', 'qw'),
  decode(data, from, out, at) {
    const length = Math.hypot(data[from]!, data[from + 1]!, data[from + 2]!, data[from + 3]!)
    for (let i = 0; i < 4; i++) out[at + i] = data[from + i]! / length
    return length > SHORTEST
  },
}

/** An axis times the angle about it, rad: the exponential map. */
const rotationVector: RotationForm = {
  columns: ['rx', 'ry', 'rz'].map(name => ({ name, unit: 'rad' })),
  decode(data, from, out, at) {
    const angle = Math.hypot(data[from]!, data[from + 1]!, data[from + 2]!)
    // sin(angle / 2) / angle, which is 1/2 where the angle vanishes.
    const share = angle < SHORTEST ? 0.5 : Math.sin(angle / 2) / angle
    for (let i = 0; i < 3; i++) out[at + i] = data[from + i]! * share
    out[at + 3] = Math.cos(angle / 2)
    return true
  },
}

/**
 * The first two columns of the rotation matrix, x then y, made orthogonal by Gram and Schmidt (Zhou, Barnes, Lu, Yang
 * and Li 2019, "On the continuity of rotation representations in neural networks").
 */
const sixNumbers: RotationForm = {
  columns: plain('xx', 'xy', 'xz', 'yx', 'yy', 'yz'),
  decode(data, from, out, at) {
    let ax = data[from]!
    let ay = data[from + 1]!
    let az = data[from + 2]!
    const first = Math.hypot(ax, ay, az)
    ax /= first
    ay /= first
    az /= first
    const along = ax * data[from + 3]! + ay * data[from + 4]! + az * data[from + 5]!
    let bx = data[from + 3]! - along * ax
    let by = data[from + 4]! - along * ay
    let bz = data[from + 5]! - along * az
    const second = Math.hypot(bx, by, bz)
    bx /= second
    by /= second
    bz /= second
    const cx = ay * bz - az * by
    const cy = az * bx - ax * bz
    const cz = ax * by - ay * bx
    writeQuaternion(ax, by, cz, [bx + ay, cx + az, cy + bz], [bz - cy, cx - az, ay - bx], out, at)
    return first > SHORTEST && second > SHORTEST
  },
}

/**
 * The quaternion of a rotation matrix from its diagonal, the sums xy, xz, yz and the differences zy, xz, yx of the
 * elements beside it (Shepperd 1978: the largest of the four numbers is found first).
 */
function writeQuaternion(
  xx: number,
  yy: number,
  zz: number,
  [xy, xz, yz]: readonly [number, number, number],
  [zy, dxz, yx]: readonly [number, number, number],
  out: Float64Array,
  at: number,
): void {
  const trace = xx + yy + zz
  const largest = Math.max(trace, xx, yy, zz)
  const s = 2 * Math.sqrt(Math.max(0, 1 + 2 * largest - trace))
  if (largest === trace) write(out, at, zy / s, dxz / s, yx / s, s / 4)
  else if (largest === xx) write(out, at, s / 4, xy / s, xz / s, zy / s)
  else if (largest === yy) write(out, at, xy / s, s / 4, yz / s, dxz / s)
  else write(out, at, xz / s, yz / s, s / 4, yx / s)
}

function write(out: Float64Array, at: number, x: number, y: number, z: number, w: number): void {
  out[at] = x
  out[at + 1] = y
  out[at + 2] = z
  out[at + 3] = w
}

/** An angle about z, rad. Only an offset has it: the rest of the orientation stays as it was at the chunk's stamp. */
const yaw: RotationForm = {
  columns: [{ name: 'yaw', unit: 'rad' }],
  decode(data, from, out, at) {
    write(out, at, 0, 0, Math.sin(data[from]! / 2), Math.cos(data[from]! / 2))
    return true
  },
}

/** The rotations by the name that a contract uses. */
export const ROTATIONS: ReadonlyMap<string, RotationForm> = new Map([
  ['quaternion', quaternion],
  ['6d', sixNumbers],
  ['rotation_vector', rotationVector],
  ['yaw', yaw],
])
