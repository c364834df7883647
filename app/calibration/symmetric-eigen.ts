const SWEEPS = 50

/** Eigenvalues in ascending order, and in the columns of the row-major n x n `vectors` their unit eigenvectors. */
export interface Eigen {
  readonly values: Float64Array
  readonly vectors: Float64Array
}

/**
 * The eigenvalues and eigenvectors of a symmetric n x n matrix, row-major, by cyclic Jacobi rotations (Golub and Van
 * Loan, Matrix Computations, 4th edition, 8.5). It is for the small matrices of a calibration.
 */
export function symmetricEigen(matrix: ArrayLike<number>, n: number): Eigen {
  const a = Float64Array.from(matrix)
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) v[n * i + i] = 1
  for (let sweep = 0; sweep < SWEEPS && offDiagonal(a, n) > 0; sweep++)
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  const order = [...Array(n).keys()].sort((i, j) => a[n * i + i]! - a[n * j + j]!)
  return {
    values: Float64Array.from(order, i => a[n * i + i]!),
    vectors: Float64Array.from({ length: n * n }, (_, k) => v[n * Math.floor(k / n) + order[k % n]!]!),
  }
}

/** The largest share of an element beside the diagonal that still counts; 0 where all are rounding. */
function offDiagonal(a: Float64Array, n: number): number {
  let largest = 0
  let diagonal = 0
  for (let i = 0; i < n; i++) {
    diagonal = Math.max(diagonal, Math.abs(a[n * i + i]!))
    for (let j = 0; j < i; j++) largest = Math.max(largest, Math.abs(a[n * i + j]!))
  }
  return largest > 1e-15 * diagonal ? largest : 0
}

/** Makes the element p, q zero. */
function rotate(a: Float64Array, v: Float64Array, n: number, p: number, q: number): void {
  const apq = a[n * p + q]!
  if (apq === 0) return
  const theta = (a[n * q + q]! - a[n * p + p]!) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const c = 1 / Math.sqrt(t * t + 1)
  const s = t * c
  for (let k = 0; k < n; k++) {
    const [kp, kq] = [a[n * k + p]!, a[n * k + q]!]
    a[n * k + p] = c * kp - s * kq
    a[n * k + q] = s * kp + c * kq
  }
  for (let k = 0; k < n; k++) {
    const [pk, qk] = [a[n * p + k]!, a[n * q + k]!]
    a[n * p + k] = c * pk - s * qk
    a[n * q + k] = s * pk + c * qk
    const [kp, kq] = [v[n * k + p]!, v[n * k + q]!]
    v[n * k + p] = c * kp - s * kq
    v[n * k + q] = s * kp + c * kq
  }
}
