import {
  matrixOfQuaternion,
  matrixOfRpy,
  product,
  rpyOfMatrix,
  turnBack,
} from '../../fusion/compensation/rotation-matrix.js'
import { bestRotation } from './best-rotation.js'
import { leastSquares, type Fit } from './least-squares.js'

/** A tool at rest. */
export interface RestingPose {
  /** qx, qy, qz, qw of the tool in the frame of the poses. */
  readonly rotation: ArrayLike<number>
  /** The mean wrench, f64[6], N and N·m, sensor frame. */
  readonly wrench: ArrayLike<number>
}

/** Three values with their standard errors. */
export interface Triple {
  readonly value: readonly [number, number, number]
  readonly standardError: readonly [number, number, number]
}

export interface Payload {
  /** kg */
  readonly mass: { readonly value: number; readonly standardError: number }
  /** m, sensor frame. */
  readonly centre: Triple
  /** N and N·m, sensor frame. */
  readonly forceBias: Triple
  readonly torqueBias: Triple
  /**
   * How the sensor is turned in the tool's frame, roll, pitch and yaw, rad. The standard errors are those of small turns
   * about the sensor's axes; 0 where it was given.
   */
  readonly rpy: Triple
  /** What the model leaves of each pose: |force| in N and |torque| in N·m. */
  readonly residuals: readonly { readonly force: number; readonly torque: number }[]
  /** The standard deviation of one component of force (N) and torque (N·m) about the model. */
  readonly deviation: { readonly force: number; readonly torque: number }
  /** The condition number of the scaled design matrix. */
  readonly condition: number
}

export interface IdentifyOptions {
  /** The acceleration of gravity in the frame of the poses, m/s². */
  readonly gravity: readonly [number, number, number]
  /** How the sensor is turned in the tool's frame, rad. Undefined: that is found too. */
  readonly rpy?: readonly [number, number, number] | undefined
}

/** Poses that are needed at least: from three on all parameters may be determined, and one is left to judge them by. */
export const LEAST_POSES = 4
const STEPS = 20
/** The columns of the design matrix. The last three are there where the mount is found. */
const [FORCE, MASS, TORQUE, MOMENT, TURN] = [0, 3, 4, 7, 10] as const

interface State {
  readonly x: Float64Array
  readonly mount: Float64Array
}

/**
 * Mass, centre, biases and, where it is wanted, the rotation of the mount from poses at rest, by weighted least squares:
 *
 *     f = f0 + m w,  t = t0 + (m c) × w,  w = Mᵀ Rᵀ g
 *
 * With a given M the model is linear, with the parameters of ft_calib (kth-ros-pkg/force_torque_tools): m, m c, f0, t0.
 * Otherwise M begins with Horn's rotation between the forces and the directions of gravity, and Gauss-Newton steps follow.
 * Forces and torques are weighted by their own deviations, which the fit estimates. Standard errors are those of
 * independent errors of the poses' means. Needs `LEAST_POSES` poses.
 */
export function identifyPayload(poses: readonly RestingPose[], { gravity, rpy }: IdentifyOptions): Payload {
  const pulls = poses.map(({ rotation }) => {
    const pull = new Float64Array(3)
    turnBack(matrixOfQuaternion(rotation, 0, new Float64Array(9)), gravity, 0, pull)
    return pull
  })
  const columns = rpy === undefined ? 13 : 10
  let state: State = { x: new Float64Array(10), mount: startOf(poses, pulls, rpy) }
  let deviation = { force: 1, torque: 0.1 }
  let fit: Fit = { x: state.x, covariance: new Float64Array(), condition: Infinity }
  for (let step = 0; step < STEPS; step++) {
    fit = improved(poses, pulls, state, { columns, deviation })
    state = moved(state, fit.x)
    const next = deviationOf(residualsOf(poses, pulls, state), columns)
    const isSettled =
      Math.abs(next.force - deviation.force) < 1e-9 * (1e-6 + next.force) &&
      Math.abs(next.torque - deviation.torque) < 1e-9 * (1e-6 + next.torque)
    deviation = next
    if (isSettled) break
  }
  return payloadOf(state, fit, residualsOf(poses, pulls, state), deviation, columns)
}

/** The rotation of the mount to begin with. */
function startOf(
  poses: readonly RestingPose[],
  pulls: readonly Float64Array[],
  rpy: readonly [number, number, number] | undefined,
): Float64Array {
  if (rpy !== undefined) return matrixOfRpy(rpy)
  return bestRotation(poses.map(({ wrench }, i) => ({ from: wrench, to: pulls[i]! })))
}

/** x, y, z of m w or its like: the matrix of `v ×`. */
const skew = ([x = 0, y = 0, z = 0]: ArrayLike<number> & Iterable<number>): readonly (readonly number[])[] => [
  [0, -z, y],
  [z, 0, -x],
  [-y, x, 0],
]

const directionIn = (mount: Float64Array, pull: Float64Array): Float64Array => {
  const w = new Float64Array(3)
  turnBack(mount, pull, 0, w)
  return w
}

/** The change of the parameters that makes the weighted residuals smallest, to first order. */
function improved(
  poses: readonly RestingPose[],
  pulls: readonly Float64Array[],
  { x, mount }: State,
  { columns, deviation }: { readonly columns: number; readonly deviation: { force: number; torque: number } },
): Fit {
  const rows: number[][] = []
  const right: number[] = []
  const residuals = residualsOf(poses, pulls, { x, mount })
  const weights = [1 / Math.max(deviation.force, 1e-12), 1 / Math.max(deviation.torque, 1e-12)] as const
  pulls.forEach((pull, i) => {
    const w = directionIn(mount, pull)
    const byW = skew(w)
    const moment = skew(x.subarray(MOMENT, MOMENT + 3))
    for (let axis = 0; axis < 6; axis++) {
      const row = new Array<number>(columns).fill(0)
      const part = axis % 3
      if (axis < 3) {
        row[FORCE + part] = 1
        row[MASS] = w[part]!
        if (columns > TURN) for (let k = 0; k < 3; k++) row[TURN + k] = x[MASS]! * byW[part]![k]!
      } else {
        row[TORQUE + part] = 1
        for (let k = 0; k < 3; k++) {
          // (m c) × w = -w × (m c)
          row[MOMENT + k] = -byW[part]![k]!
          if (columns > TURN) for (let l = 0; l < 3; l++) row[TURN + k]! += moment[part]![l]! * byW[l]![k]!
        }
      }
      const weight = weights[axis < 3 ? 0 : 1]
      rows.push(row.map(value => value * weight))
      right.push(residuals[i]![axis]! * weight)
    }
  })
  return leastSquares(rows, right)
}

/** The state after a step. The mount turns by the small rotation about the sensor's axes. */
function moved({ x, mount }: State, step: Float64Array): State {
  const next = x.map((value, i) => value + step[i]!)
  if (step.length <= TURN) return { x: next, mount }
  const turn = step.subarray(TURN)
  const angle = Math.hypot(...turn)
  const scale = angle < 1e-12 ? 0.5 : Math.sin(angle / 2) / angle
  const quaternion = [...turn.map(value => value * scale), Math.cos(angle / 2)]
  const small = matrixOfQuaternion(quaternion, 0, new Float64Array(9))
  return { x: next, mount: product(mount, small) }
}

/** What the model leaves of each wrench, f64[6]. */
function residualsOf(
  poses: readonly RestingPose[],
  pulls: readonly Float64Array[],
  { x, mount }: State,
): Float64Array[] {
  return poses.map(({ wrench }, i) => {
    const w = directionIn(mount, pulls[i]!)
    const torque = skew(x.subarray(MOMENT, MOMENT + 3)).map(row =>
      row.reduce((sum, value, k) => sum + value * w[k]!, 0),
    )
    return Float64Array.from({ length: 6 }, (_, axis) =>
      axis < 3
        ? wrench[axis]! - x[FORCE + axis]! - x[MASS]! * w[axis]!
        : wrench[axis]! - x[TORQUE + axis - 3]! - torque[axis - 3]!,
    )
  })
}

/** The deviations of force and torque. The force determines mass, bias and turn; the torque the rest. */
function deviationOf(residuals: readonly Float64Array[], columns: number): { force: number; torque: number } {
  const square = (from: number): number =>
    residuals.reduce((sum, each) => sum + each.subarray(from, from + 3).reduce((s, value) => s + value * value, 0), 0)
  const values = 3 * residuals.length
  return {
    force: Math.sqrt(square(0) / Math.max(1, values - (columns - 6))),
    torque: Math.sqrt(square(3) / Math.max(1, values - 6)),
  }
}

function payloadOf(
  { x, mount }: State,
  { covariance, condition }: Fit,
  residuals: readonly Float64Array[],
  deviation: { force: number; torque: number },
  columns: number,
): Payload {
  const mass = x[MASS]!
  const variance = (i: number, j = i): number => covariance[columns * i + j]!
  const error = (i: number): number => Math.sqrt(Math.max(0, variance(i)))
  const three = (from: number): Triple => ({
    value: [x[from]!, x[from + 1]!, x[from + 2]!],
    standardError: [error(from), error(from + 1), error(from + 2)],
  })
  const centre = [0, 1, 2].map(k => x[MOMENT + k]! / mass)
  // c = (m c) / m, to first order.
  const centreError = centre.map((c, k) =>
    Math.sqrt(
      Math.max(0, variance(MOMENT + k) - 2 * c * variance(MOMENT + k, MASS) + c * c * variance(MASS)) / (mass * mass),
    ),
  )
  return {
    mass: { value: mass, standardError: error(MASS) },
    centre: {
      value: [centre[0]!, centre[1]!, centre[2]!],
      standardError: [centreError[0]!, centreError[1]!, centreError[2]!],
    },
    forceBias: three(FORCE),
    torqueBias: three(TORQUE),
    rpy: {
      value: rpyOfMatrix(mount),
      standardError: columns > TURN ? [error(TURN), error(TURN + 1), error(TURN + 2)] : [0, 0, 0],
    },
    residuals: residuals.map(each => ({
      force: Math.hypot(...each.subarray(0, 3)),
      torque: Math.hypot(...each.subarray(3)),
    })),
    deviation,
    condition,
  }
}
