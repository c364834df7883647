import { symmetricEigen } from './symmetric-eigen.js'

export interface Fit {
  readonly x: Float64Array
  /** The inverse of AᵀA, n x n, row-major: the covariance of x where each row has the variance 1. */
  readonly covariance: Float64Array
  /** The condition number of A after each column was scaled to length 1. Infinity where columns depend on each other. */
  readonly condition: number
}

/**
 * The x that makes |A x - b| smallest, by the normal equations of the scaled columns. Their condition is the square of
 * that of A, which a caller keeps small: it refuses data whose condition is large.
 */
export function leastSquares(rows: readonly (readonly number[])[], b: readonly number[]): Fit {
  const n = rows[0]?.length ?? 0
  const scale = Float64Array.from({ length: n }, (_, j) => Math.hypot(...rows.map(row => row[j]!)) || 1)
  const normal = new Float64Array(n * n)
  const right = new Float64Array(n)
  rows.forEach((row, i) => {
    for (let j = 0; j < n; j++) {
      const value = row[j]! / scale[j]!
      right[j]! += value * b[i]!
      for (let k = 0; k < n; k++) normal[n * j + k]! += (value * row[k]!) / scale[k]!
    }
  })
  const { values, vectors } = symmetricEigen(normal, n)
  const least = values[0] ?? 0
  const most = values[n - 1] ?? 0
  const floor = most * 1e-14
  const covariance = new Float64Array(n * n)
  for (let j = 0; j < n; j++)
    for (let k = 0; k < n; k++) {
      let sum = 0
      for (let e = 0; e < n; e++) sum += (vectors[n * j + e]! * vectors[n * k + e]!) / Math.max(values[e]!, floor)
      covariance[n * j + k] = sum / (scale[j]! * scale[k]!)
    }
  const x = new Float64Array(n)
  for (let j = 0; j < n; j++) for (let k = 0; k < n; k++) x[j]! += covariance[n * j + k]! * scale[k]! * right[k]!
  return { x, covariance, condition: least > floor ? Math.sqrt(most / least) : Infinity }
}
