/** geometry_msgs/Pose with its ROS fields. */
export interface RosPose {
  position: { x: number; y: number; z: number }
  orientation: { x: number; y: number; z: number; w: number }
}

/** x, y, z, qx, qy, qz, qw. */
export const poseOf = ({ position: p, orientation: q }: RosPose): Float64Array =>
  Float64Array.of(p.x, p.y, p.z, q.x, q.y, q.z, q.w)

export const rosPose = ([
  px = NaN,
  py = NaN,
  pz = NaN,
  qx = NaN,
  qy = NaN,
  qz = NaN,
  qw = NaN,
]: Float64Array): RosPose => ({
  position: { x: px, y: py, z: pz },
  orientation: { x: qx, y: qy, z: qz, w: qw },
})
