/** Where a sensor sits in the tool's frame. */
export interface Mount {
  /** The sensor's origin in the tool's frame, m. */
  readonly xyz: readonly [number, number, number]
  /** How the sensor is turned: rad about the tool's x, then y, then z axis (roll, pitch, yaw of URDF). */
  readonly rpy: readonly [number, number, number]
}

/** What is taken out of the samples of a wrist sensor, so that a tool in free motion feels nothing. */
export interface Compensation {
  /** The stream of poses that says how the tool is turned in a frame that does not move. */
  readonly orientation: string
  /** The mass that hangs on the sensor, kg. */
  readonly mass: number
  /** The centre of that mass in the sensor's frame, m. */
  readonly centre: readonly [number, number, number]
  /** What the sensor says of no force, N, sensor frame. */
  readonly forceBias: readonly [number, number, number]
  /** What the sensor says of no torque, N·m, sensor frame. */
  readonly torqueBias: readonly [number, number, number]
  readonly mount: Mount
  /** The acceleration of gravity in the frame of the poses, m/s². */
  readonly gravity: readonly [number, number, number]
  /** A wrench whose nearest pose is further away than this (ns) is not used. */
  readonly maxAge: number
}

/** Standard gravity (BIPM, 3rd CGPM 1901), m/s², downwards along z. */
export const STANDARD_GRAVITY = [0, 0, -9.80665] as const
