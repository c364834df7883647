/** x, y, z. */
export type Vector = readonly [number, number, number]
/** w, x, y, z. */
export type Quaternion = readonly [number, number, number, number]

/** A pose; the position in m. */
export interface Pose {
  readonly position: Vector
  readonly rotation: Quaternion
}

/** The rotation by `b` followed by the rotation by `a`. */
export const product = ([aw, ax, ay, az]: Quaternion, [bw, bx, by, bz]: Quaternion): Quaternion => [
  aw * bw - ax * bx - ay * by - az * bz,
  aw * bx + ax * bw + ay * bz - az * by,
  aw * by - ax * bz + ay * bw + az * bx,
  aw * bz + ax * by - ay * bx + az * bw,
]
