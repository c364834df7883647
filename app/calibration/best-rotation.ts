import { matrixOfQuaternion } from '../../fusion/compensation/rotation-matrix.js'
import { symmetricEigen } from './symmetric-eigen.js'

/** A vector in two frames. */
export interface VectorPair {
  readonly from: ArrayLike<number>
  readonly to: ArrayLike<number>
}

/**
 * The rotation that turns the vectors `from` nearest to a multiple of `to`, both taken about their means, row-major 3 x 3:
 * the eigenvector of the largest eigenvalue of Horn's matrix ("Closed-form solution of absolute orientation using unit
 * quaternions", Journal of the Optical Society of America A 4(4), 1987).
 */
export function bestRotation(pairs: readonly VectorPair[]): Float64Array {
  const mean = (of: (pair: VectorPair) => ArrayLike<number>, axis: number): number =>
    pairs.reduce((sum, pair) => sum + of(pair)[axis]!, 0) / pairs.length
  const a = [0, 1, 2].map(axis => mean(pair => pair.from, axis))
  const b = [0, 1, 2].map(axis => mean(pair => pair.to, axis))
  /** The sum of products of component i of `from` and j of `to`. */
  const s = (i: number, j: number): number =>
    pairs.reduce((sum, { from, to }) => sum + (from[i]! - a[i]!) * (to[j]! - b[j]!), 0)
  const [xx, xy, xz] = [s(0, 0), s(0, 1), s(0, 2)]
  const [yx, yy, yz] = [s(1, 0), s(1, 1), s(1, 2)]
  const [zx, zy, zz] = [s(2, 0), s(2, 1), s(2, 2)]
  // In the order w, x, y, z.
  const horn = [
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ]
  const { vectors } = symmetricEigen(horn.flat(), 4)
  const [w = 1, x = 0, y = 0, z = 0] = [0, 1, 2, 3].map(row => vectors[4 * row + 3]!)
  return matrixOfQuaternion([x, y, z, w], 0, new Float64Array(9))
}
