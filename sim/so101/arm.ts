/** Names of the joints, from the base to the jaw, as LeRobot has them. The servo's id on the bus is the place plus 1. */
export const JOINTS = ['shoulder_pan', 'shoulder_lift', 'elbow_flex', 'wrist_flex', 'wrist_roll', 'gripper'] as const
export type JointName = (typeof JOINTS)[number]
/** Number of joints that place the hand: all but the gripper. */
export const ARM_JOINTS = 5

type Vector = readonly [number, number, number]

/** A joint, and the link that it moves. */
export interface Joint {
  readonly name: JointName
  /** A point of the axis in the base frame (m) and the axis, both with all joints at 0. */
  readonly anchor: Vector
  readonly axis: Vector
  /** Range, rad. */
  readonly range: readonly [number, number]
  /** Mass (kg), centre of mass (m) and moments of inertia about it (kg·m²), base frame, all joints at 0. */
  readonly mass: number
  readonly centre: Vector
  readonly inertia: Vector
}

/**
 * Turn of the hand about the roll axis with all joints at 0, rad. The jaws open in the arm's plane when wrist_roll is
 * this angle.
 */
export const HAND_TURN = 0.0487

/**
 * The joints of the SO-101 follower arm. Base frame: x forward, z up, the origin in the middle of the base's underside.
 * Axes, ranges and masses are from the model that its makers publish (TheRobotStudio/SO-ARM100,
 * Simulation/SO101/so101_new_calib.xml), turned into the base frame and rounded to 0.1 mm. The axes of lift, elbow and
 * wrist flex are parallel to y, so their anchors are given in the arm's plane. The hand's links are given in the hand's
 * frame (`HAND`).
 */
export const ARM: readonly Joint[] = [
  {
    name: 'shoulder_pan',
    anchor: [0.0388, 0, 0.0624],
    axis: [0, 0, -1],
    range: [-1.9199, 1.9199],
    mass: 0.1,
    centre: [0.0696, 0, 0.0877],
    inertia: [8.4e-5, 8.1e-5, 2.4e-5],
  },
  {
    name: 'shoulder_lift',
    anchor: [0.0692, 0, 0.1166],
    axis: [0, 1, 0],
    range: [-1.7453, 1.7453],
    mass: 0.103,
    centre: [0.0776, 0.0001, 0.2065],
    inertia: [1.47e-4, 1.42e-4, 4.1e-5],
  },
  {
    name: 'elbow_flex',
    anchor: [0.0972, 0, 0.2292],
    axis: [0, 1, 0],
    range: [-1.69, 1.69],
    mass: 0.104,
    centre: [0.1953, 0, 0.2324],
    inertia: [2.9e-5, 1.45e-4, 1.6e-4],
  },
  {
    name: 'wrist_flex',
    anchor: [0.2321, 0, 0.2344],
    axis: [0, 1, 0],
    range: [-1.6581, 1.6581],
    mass: 0.079,
    centre: [0.2708, 0.0098, 0.2345],
    inertia: [2.5e-5, 2.1e-5, 3.7e-5],
  },
  {
    name: 'wrist_roll',
    anchor: [0.2932, 0, 0.2344],
    axis: [-1, 0, 0],
    range: [-2.7438, 2.8412],
    mass: 0.087,
    centre: [0.0252, 0.0002, 0.0002],
    inertia: [3.5e-5, 4.3e-5, 2.8e-5],
  },
  {
    name: 'gripper',
    anchor: [0.0234, 0, 0.0202],
    axis: [0, -1, 0],
    range: [-0.1745, 1.7453],
    mass: 0.012,
    centre: [0.03, 0, -0.0016],
    inertia: [1.9e-6, 5.3e-6, 6.6e-6],
  },
]

/**
 * The hand, in its own frame: the origin is on the roll axis at wrist_roll's anchor, x points out of the hand, z from
 * the fixed jaw to the moving jaw. Angles in rad, lengths in m.
 */
export const HAND = {
  /** The plane of the fixed jaw's inner face (z), and the tip of both jaws when they are closed (x). */
  face: -0.0079,
  tip: 0.0981,
  /** From the tip back to the tool centre point, which lies on the fixed jaw's face. */
  reach: 0.0121,
  /** Angle of the gripper joint at which the jaws' faces are parallel. */
  parallel: 0.3,
  /** Length, width and thickness of a jaw's pad. */
  pad: { length: 0.056, width: 0.02, thickness: 0.006 },
} as const

/**
 * The servo, Feetech STS3215 in its 12 V version (C018, gear 1:345).
 *
 * - Stall torque 30 kg·cm and 45 turns a minute without load: the maker's data sheet. Both were found again on real
 *   parts (TheRobotStudio/SO-ARM100 issue 134: 35 kg·cm, 46 turns a minute).
 * - Play: the data sheet says at most 0.5°, issue 134 measured about 1°, robonine.com 0.87°.
 * - Rotor inertia and dry friction, and the stiffness of the position loop at the gain 32 and 7.4 V (17.8 N·m/rad): as
 *   identified by Rhoban for this servo, in the same folder of SO-ARM100 (joints_properties.xml). Torque and so
 *   stiffness are in proportion to the voltage.
 */
export const SERVO = {
  stepsPerTurn: 4096,
  /** N·m, at standstill. */
  stallTorque: 2.94,
  /** rad/s, without load. */
  topSpeed: 4.71,
  /** N·m/rad, for a gain (register P) of 32. */
  stiffness: 28.9,
  /** kg·m², at the output. */
  inertia: 0.028,
  /** N·m, at the output. */
  friction: 0.052,
  /**
   * N·m, at the output behind the gear's play. It is an assumption: without any the position loop hunts to and fro
   * through the play, which the arm's makers do not report.
   */
  shaftFriction: 0.02,
  /** rad, from one side of the gear's free play to the other. */
  play: 0.0152,
} as const
