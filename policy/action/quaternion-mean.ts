const LARGEST_STEPS = 64
const PRECISION = 1e-15

/**
 * Weighted mean of unit quaternions (Markley, Cheng, Crassidis and Oshman 2007): the eigenvector of the largest
 * eigenvalue of M = sum w q q^T. The signs of the quaternions do not matter. Power iteration finds it, starting at the
 * quaternion that was added last. It fails only where the orientations lie so far apart that the mean is not unique.
 * Allocates nothing after construction.
 */
export class QuaternionMean {
  readonly #m = new Float64Array(16)
  readonly #q = new Float64Array(4)
  readonly #next = new Float64Array(4)

  clear(): void {
    this.#m.fill(0)
  }

  /** Adds the quaternion at values[offset … offset + 3]. */
  add(values: Float64Array, offset: number, weight: number): void {
    for (let i = 0; i < 4; i++) {
      this.#q[i] = values[offset + i]!
      for (let j = 0; j < 4; j++) this.#m[4 * i + j]! += weight * values[offset + i]! * values[offset + j]!
    }
  }

  /** Writes the mean to out[offset … offset + 3], with the sign of the quaternion that was added last. */
  write(out: Float64Array, offset: number): void {
    const q = this.#q
    const next = this.#next
    for (let step = 0; step < LARGEST_STEPS; step++) {
      let square = 0
      for (let i = 0; i < 4; i++) {
        next[i] =
          this.#m[4 * i]! * q[0]! +
          this.#m[4 * i + 1]! * q[1]! +
          this.#m[4 * i + 2]! * q[2]! +
          this.#m[4 * i + 3]! * q[3]!
        square += next[i]! * next[i]!
      }
      const scale = 1 / Math.sqrt(square)
      let change = 0
      for (let i = 0; i < 4; i++) {
        const value = next[i]! * scale
        change = Math.max(change, Math.abs(value - q[i]!))
        q[i] = value
      }
      if (change < PRECISION) break
    }
    for (let i = 0; i < 4; i++) out[offset + i] = q[i]!
  }
}
