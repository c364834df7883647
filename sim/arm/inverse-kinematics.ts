import type { ArmKinematics } from './arm-kinematics.js'

/** A wish for a weighted sum of joint positions: sum of `of[i]` times joint i is `value` (rad). */
export interface JointSum {
  readonly of: readonly number[]
  readonly value: number
  /** m that an error of 1 rad counts as much as. */
  readonly weight: number
}

/** What the tool is to do. */
export interface ToolGoal {
  /** Position in the model's world frame, m. */
  readonly position: ArrayLike<number>
  /** Rotation from the tool's frame to the world's, 3 x 3, row-major. Undefined: free. */
  readonly rotation?: ArrayLike<number> | undefined
  /** m that an error of the rotation of 1 rad counts as much as. Default: 0.1. */
  readonly rotationWeight?: number
  /** For an arm with less than six joints: what fixes its orientation instead. */
  readonly sums?: readonly JointSum[]
}

export interface Solution {
  readonly joints: Float64Array
  /** Distance between the goal and the tool, m, and the largest error of the other wishes, rad. */
  readonly distance: number
  readonly turn: number
  readonly iterations: number
}

const MOST_ITERATIONS = 60
/** Change of all joints below which the search ends, rad or m. */
const STILL = 1e-10
/** Damping, m: steps near singular poses stay finite, and steps elsewhere are hardly shortened. */
const DAMPING = 1e-4
/** Largest change of a joint in one step, rad or m. */
const STRIDE = 0.4

/**
 * Joint positions for which the tool meets its goal as well as the limits allow, searched from `start`: damped least
 * squares (Nakamura and Hanafusa 1986; Wampler 1986). A joint at its limit that would go beyond it is held there, and
 * the others go on. `kinematics.low` and `high` are the limits.
 */
export function solveInverse(kinematics: ArmKinematics, start: ArrayLike<number>, goal: ToolGoal): Solution {
  const n = kinematics.count
  const { rotation, rotationWeight = 0.1, sums = [] } = goal
  const rows = 3 + (rotation === undefined ? 0 : 3) + sums.length
  const joints = Float64Array.from({ length: n }, (_, i) => within(kinematics, i, start[i] ?? 0))
  const task = new Float64Array(rows * n)
  const error = new Float64Array(rows)
  const normal = new Float64Array(n * n)
  const step = new Float64Array(n)
  const held = new Uint8Array(n)
  let iterations = 0
  for (; iterations < MOST_ITERATIONS; iterations++) {
    kinematics.set(joints)
    fill(kinematics, joints, { ...goal, rotationWeight, sums }, task, error)
    held.fill(0)
    let change = 0
    // Each pass holds the joints that the last one would have moved beyond their limits.
    for (let pass = 0; pass <= n; pass++) {
      for (let i = 0; i < n; i++) {
        step[i] = 0
        for (let r = 0; r < rows; r++) step[i]! += held[i] ? 0 : task[r * n + i]! * error[r]!
        for (let j = 0; j < n; j++) {
          let sum = i === j ? DAMPING * DAMPING : 0
          if (!held[i] && !held[j]) for (let r = 0; r < rows; r++) sum += task[r * n + i]! * task[r * n + j]!
          normal[i * n + j] = sum
        }
      }
      solveSymmetric(normal, step, n)
      let stopped = false
      for (let i = 0; i < n; i++) {
        const beyond = joints[i]! + step[i]! !== within(kinematics, i, joints[i]! + step[i]!)
        const atLimit = joints[i]! === kinematics.low[i] || joints[i]! === kinematics.high[i]
        if (beyond && atLimit && !held[i]) stopped = Boolean((held[i] = 1))
      }
      if (!stopped) break
    }
    let longest = 0
    for (let i = 0; i < n; i++) longest = Math.max(longest, Math.abs(step[i]!))
    const share = Math.min(1, STRIDE / Math.max(longest, STRIDE))
    for (let i = 0; i < n; i++) {
      const next = within(kinematics, i, joints[i]! + share * step[i]!)
      change = Math.max(change, Math.abs(next - joints[i]!))
      joints[i] = next
    }
    if (change < STILL) break
  }
  kinematics.set(joints)
  fill(kinematics, joints, { ...goal, rotationWeight: 1, sums: sums.map(sum => ({ ...sum, weight: 1 })) }, task, error)
  const turn = error.subarray(3).reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return { joints, distance: Math.hypot(error[0]!, error[1]!, error[2]!), turn, iterations }
}

/** Writes the weighted errors of all wishes, and how they change with the joints. */
function fill(
  kinematics: ArmKinematics,
  joints: Float64Array,
  {
    position,
    rotation,
    rotationWeight,
    sums,
  }: ToolGoal & { readonly rotationWeight: number; readonly sums: readonly JointSum[] },
  task: Float64Array,
  error: Float64Array,
): void {
  const n = kinematics.count
  for (let r = 0; r < 3; r++) {
    error[r] = (position[r] ?? 0) - kinematics.position[r]!
    for (let i = 0; i < n; i++) task[r * n + i] = kinematics.jacobian[r * n + i]!
  }
  let row = 3
  if (rotation !== undefined) {
    turnTo(rotation, kinematics.rotation, error)
    for (let r = 3; r < 6; r++) {
      error[r]! *= rotationWeight
      for (let i = 0; i < n; i++) task[r * n + i] = rotationWeight * kinematics.jacobian[r * n + i]!
    }
    row = 6
  }
  for (const { of, value, weight } of sums) {
    let sum = 0
    for (let i = 0; i < n; i++) {
      sum += (of[i] ?? 0) * joints[i]!
      task[row * n + i] = weight * (of[i] ?? 0)
    }
    error[row++] = weight * (value - sum)
  }
}

/** Writes the rotation vector in the world frame that turns `from` into `to` (both 3 x 3) into `out[3..5]`, rad. */
function turnTo(to: ArrayLike<number>, from: ArrayLike<number>, out: Float64Array): void {
  // Entry (a, b) of to · fromᵀ.
  const at = (a: number, b: number): number =>
    to[3 * a]! * from[3 * b]! + to[3 * a + 1]! * from[3 * b + 1]! + to[3 * a + 2]! * from[3 * b + 2]!
  const x = at(2, 1) - at(1, 2),
    y = at(0, 2) - at(2, 0),
    z = at(1, 0) - at(0, 1)
  const sine = Math.hypot(x, y, z) / 2
  const angle = Math.atan2(sine, (at(0, 0) + at(1, 1) + at(2, 2) - 1) / 2)
  if (angle > Math.PI - 1e-6) {
    // Half a turn: its axis is the longest column of to · fromᵀ + 1.
    const column = [0, 1, 2].reduce((best, k) => (at(k, k) > at(best, best) ? k : best), 0)
    const axis = [0, 1, 2].map(k => at(k, column) + (k === column ? 1 : 0))
    const length = Math.hypot(...axis)
    for (let k = 0; k < 3; k++) out[3 + k] = (angle * axis[k]!) / length
    return
  }
  const scale = sine < 1e-9 ? 0.5 : angle / (2 * sine)
  out[3] = scale * x
  out[4] = scale * y
  out[5] = scale * z
}

/** Solves a symmetric positive definite system in place, by Cholesky's factors: `right` becomes the solution. */
function solveSymmetric(matrix: Float64Array, right: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!
    }
  }
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) right[i]! -= matrix[i * n + k]! * right[k]!
    right[i]! /= matrix[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) right[i]! -= matrix[k * n + i]! * right[k]!
    right[i]! /= matrix[i * n + i]!
  }
}

const within = ({ low, high }: ArmKinematics, i: number, value: number): number =>
  Math.min(Math.max(value, low[i]!), high[i]!)
