/**
 * A slow compensation, written from the definition of the filter GravityCompensation of ros-controls/control_toolbox
 * (control_filters/README.md), with homogeneous transforms of 4 x 4 as tf2 has them. Nothing of fusion/ is used.
 */
type Row = readonly number[]
export type Transform = readonly Row[]

/** A rotation by the angle |v| (rad) about v (Rodrigues 1840), at `place`. */
export function transform(v: readonly number[], place: readonly number[] = [0, 0, 0]): Transform {
  const angle = Math.hypot(...v)
  const [x, y, z] = angle === 0 ? [1, 0, 0] : v.map(each => each / angle)
  const k = [
    [0, -z, y],
    [z, 0, -x],
    [-y, x, 0],
  ]
  const [s, c] = [Math.sin(angle), 1 - Math.cos(angle)]
  const rows = [0, 1, 2].map(i => [
    ...[0, 1, 2].map(
      j => (i === j ? 1 : 0) + s * k[i]![j]! + c * [0, 1, 2].reduce((sum, n) => sum + k[i]![n]! * k[n]![j]!, 0),
    ),
    place[i]!,
  ])
  return [...rows, [0, 0, 0, 1]]
}

export const times = (a: Transform, b: Transform): Transform =>
  a.map(row => b[0]!.map((_, j) => row.reduce((sum, value, n) => sum + value * b[n]![j]!, 0)))

/** The inverse of a rigid transform. */
export function inverse(t: Transform): Transform {
  const rotation = [0, 1, 2].map(i => [0, 1, 2].map(j => t[j]![i]!))
  const place = rotation.map(row => -row.reduce((sum, value, j) => sum + value * t[j]![3]!, 0))
  return [...rotation.map((row, i) => [...row, place[i]!]), [0, 0, 0, 1]]
}

export const rotate = (t: Transform, v: readonly number[]): number[] =>
  [0, 1, 2].map(i => [0, 1, 2].reduce((sum, j) => sum + t[i]![j]! * v[j]!, 0))

export const cross = ([a = 0, b = 0, c = 0]: readonly number[], [x = 0, y = 0, z = 0]: readonly number[]): number[] => [
  b * z - c * y,
  c * x - a * z,
  a * y - b * x,
]

const plus = (a: readonly number[], b: readonly number[], sign = 1): number[] =>
  a.map((value, i) => value + sign * b[i]!)

/** T.F of the definition: the wrench in the frame to which `t` leads. Its torque is about the origin of that frame. */
export function wrenchIn(t: Transform, wrench: readonly number[]): number[] {
  const force = rotate(t, wrench.slice(0, 3))
  const place = [t[0]![3]!, t[1]![3]!, t[2]![3]!]
  return [...force, ...plus(rotate(t, wrench.slice(3)), cross(place, force))]
}

/** The wrench that a weight at rest adds to what the sensor says: T_sw g_w and p_s x (T_sw g_w). */
export function weightIn(sensorOfWorld: Transform, centre: readonly number[], weight: readonly number[]): number[] {
  const force = rotate(sensorOfWorld, weight)
  return [...force, ...cross(centre, force)]
}

/**
 * Fc_o = T_os Fc_s with fc_s = f_s - T_sw g_w and tc_s = t_s - p_s x (T_sw g_w). `world`: the pose of the tool in the
 * world, `sensor`: that of the sensor in the tool, `weight`: CoG.force, `centre`: CoG.pos. The biases are no part of that
 * filter: they are taken off first.
 */
export function compensated(
  wrench: readonly number[],
  { world, sensor, weight, centre, bias }: Situation,
): readonly number[] {
  const sensorOfWorld = inverse(times(world, sensor))
  return wrenchIn(sensor, plus(plus(wrench, bias, -1), weightIn(sensorOfWorld, centre, weight), -1))
}

export interface Situation {
  readonly world: Transform
  readonly sensor: Transform
  readonly weight: readonly number[]
  readonly centre: readonly number[]
  readonly bias: readonly number[]
}

/** The quaternion x, y, z, w of the rotation by |v| about v. */
export function quaternion(v: readonly number[]): number[] {
  const angle = Math.hypot(...v)
  const scale = angle === 0 ? 0.5 : Math.sin(angle / 2) / angle
  return [...v.map(each => each * scale), Math.cos(angle / 2)]
}

/** The rotation vector of a transform whose angle lies below pi. */
export function rotationVector(t: Transform): number[] {
  const angle = Math.acos(Math.min(1, Math.max(-1, (t[0]![0]! + t[1]![1]! + t[2]![2]! - 1) / 2)))
  const scale = angle < 1e-9 ? 0.5 : angle / (2 * Math.sin(angle))
  return [t[2]![1]! - t[1]![2]!, t[0]![2]! - t[2]![0]!, t[1]![0]! - t[0]![1]!].map(value => value * scale)
}
