import type { PlacedObject } from './episode.js'

/**
 * Dimensions of the gripper, m. The tool centre point (TCP) lies between the pads. The z axis of the tool frame points
 * out of the gripper.
 */
export const GRIPPER = {
  /** Wrist sensor to TCP. */
  length: 0.16,
  maxWidth: 0.085,
  /** From the TCP to the fingertips. */
  tip: 0.01,
  padHeight: 0.03,
  padDepth: 0.022,
  /** From a pad's face to the outer face of its finger. */
  thickness: 0.014,
  /** Mass below the wrist sensor: base and both fingers, kg. */
  mass: 0.86,
} as const

/** Limits of the tool's position in the base frame, m. The origin is the table's centre, z points up. */
export const WORKSPACE = { x: [-0.25, 0.25], y: [-0.2, 0.2], z: [0, 0.4] } as const
/** The TCP's home position, m. */
export const HOME = [0, 0, 0.28] as const
export const TIMESTEP_S = 0.001

/** Full vertical angle of view of the wrist camera, degrees. */
export const CAMERA_FOVY = 70

/**
 * Servo gains of the gantry's axes: stiffness and damping (N/m, N·s/m; N·m/rad, N·m·s/rad), and the moving mass or
 * inertia of the feed-forward (kg, kg·m²).
 */
export const AXES = [
  { name: 'x', kp: 120_000, kv: 2_300, inertia: 10.36 },
  { name: 'y', kp: 80_000, kv: 1_500, inertia: 6.36 },
  { name: 'z', kp: 60_000, kv: 1_000, inertia: 3.86 },
  { name: 'yaw', kp: 400, kv: 4, inertia: 0.0112 },
] as const

const FINGER_TOP = 0.062

/**
 * The cell as MJCF text, with `objects` in their places. The geoms of an object have `priority`, so that the object's
 * own friction is used in every contact.
 */
export function cellXml(objects: readonly PlacedObject[]): string {
  const { length, maxWidth, tip, padHeight, padDepth, thickness } = GRIPPER
  const half = maxWidth / 2
  const fingerEnd = length + tip
  const padZ = fingerEnd - padHeight / 2
  const finger = (name: string, side: 1 | -1): string => {
    const middle = (FINGER_TOP + fingerEnd) / 2
    const slide = `type="slide" axis="0 ${side} 0" range="0 ${half}" limited="true" damping="2" armature="0.12"`
    const padSize = `${padDepth / 2} 0.003 ${padHeight / 2}`
    const linkSize = `${padDepth / 2 - 0.002} 0.004 ${(fingerEnd - 0.002 - FINGER_TOP) / 2}`
    const linkPos = `0 ${side * (thickness - 0.004)} ${(FINGER_TOP + fingerEnd - 0.002) / 2}`
    return `
              <body name="finger_${name}" gravcomp="1">
                <joint name="finger_${name}" ${slide}
                  solreflimit="0.006 1"/>
                <inertial pos="0 ${side * 0.01} ${middle}" mass="0.08" diaginertia="6e-5 6e-5 1e-5"/>
                <geom name="pad_${name}" type="box" size="${padSize}" pos="0 ${side * 0.003} ${padZ}"
                  rgba="0.12 0.12 0.13 1" condim="4" friction="1 0.01 0.001"/>
                <geom name="link_${name}" type="box" size="${linkSize}"
                  pos="${linkPos}" rgba="0.35 0.36 0.38 1"/>
              </body>`
  }
  const solver = 'iterations="30" ls_iterations="20" tolerance="1e-10"'
  const palm = '<geom name="palm" type="box" size="0.03 0.055 0.03" pos="0 0 0.031" rgba="0.2 0.21 0.23 1"/>'
  const forceRange = (axis: string): string => (axis === 'yaw' ? '-20 20' : '-400 400')
  return `<mujoco model="prehend_cell">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="${TIMESTEP_S}" integrator="Euler" cone="elliptic" impratio="10" ${solver}>
    <flag multiccd="enable"/>
  </option>
  <size memory="8M"/>
  <default>
    <geom solref="0.008 1" solimp="0.9 0.97 0.001" condim="3"/>
  </default>
  <worldbody>
    <light name="lamp" pos="0.3 -0.4 1.2" dir="-0.2 0.3 -1"/>
    <geom name="table" type="box" size="0.4 0.35 0.02" pos="0 0 -0.02" rgba="0.55 0.5 0.45 1" solref="0.02 1"/>
    <body name="gantry_x" gravcomp="1">
      <joint name="x" type="slide" axis="1 0 0"/>
      <inertial pos="0 0 0.5" mass="4" diaginertia="0.05 0.05 0.05"/>
      <body name="gantry_y" gravcomp="1">
        <joint name="y" type="slide" axis="0 1 0"/>
        <inertial pos="0 0 0.5" mass="2.5" diaginertia="0.03 0.03 0.03"/>
        <body name="gantry_z" gravcomp="1">
          <joint name="z" type="slide" axis="0 0 1"/>
          <inertial pos="0 0 0.3" mass="2.5" diaginertia="0.02 0.02 0.02"/>
          <body name="flange" pos="0 0 ${length}" quat="0 1 0 0" gravcomp="1">
            <joint name="yaw" type="hinge" axis="0 0 1" armature="0.01"/>
            <inertial pos="0 0 -0.03" mass="0.5" diaginertia="0.0006 0.0006 0.0006"/>
            <geom name="flange" type="cylinder" size="0.035 0.02" pos="0 0 -0.021" rgba="0.7 0.7 0.72 1"/>
            <body name="gripper" gravcomp="1">
              <inertial pos="0 0 0.035" mass="0.7" diaginertia="0.0008 0.0008 0.0006"/>
              <site name="wrist"/>
              <site name="tcp" pos="0 0 ${length}"/>
              <camera name="color" pos="-0.085 0 0.035" xyaxes="0 1 0 0.9563 0 -0.2924" fovy="${CAMERA_FOVY}"/>
              ${palm}${finger('left', 1)}${finger('right', -1)}
            </body>
          </body>
        </body>
      </body>
    </body>${objects.map(objectXml).join('')}
  </worldbody>
  <contact>
    <exclude body1="finger_left" body2="finger_right"/>
  </contact>
  <equality>
    <joint joint1="finger_left" joint2="finger_right" polycoef="0 1 0 0 0" solref="0.004 1" solimp="0.97 0.99 0.0005"/>
  </equality>
  <actuator>${AXES.map(
    ({ name, kp, kv }) => `
    <position name="${name}" joint="${name}" kp="${kp}" kv="${kv}" forcerange="${forceRange(name)}"/>`,
  ).join('')}
    <motor name="finger_left" joint="finger_left"/>
    <motor name="finger_right" joint="finger_right"/>
  </actuator>
  <sensor>
    <force name="wrist_force" site="wrist"/>
    <torque name="wrist_torque" site="wrist"/>
    <contact name="gripper_table" subtree1="gripper" geom2="table" reduce="netforce" data="force"/>${objects
      .map(
        (_, i) => `
    <contact name="left_object${i}" body1="finger_left" body2="object${i}" reduce="netforce" data="force"/>
    <contact name="right_object${i}" body1="finger_right" body2="object${i}" reduce="netforce" data="force"/>
    <contact name="palm_object${i}" body1="gripper" body2="object${i}" reduce="netforce" data="force"/>
    <contact name="table_object${i}" geom1="table" body2="object${i}" reduce="netforce" data="force"/>`,
      )
      .join('')}
  </sensor>
</mujoco>
`
}

function objectXml({ object, pose }: PlacedObject, index: number): string {
  const [x, y, z, qx, qy, qz, qw] = pose
  const geoms = object.parts.map(part => {
    const rolls = part.shape === 'sphere' || part.shape === 'ellipsoid'
    const [size, pos, quat] = [part.size, part.pos, part.quat].map(numbers => numbers.join(' '))
    const contact = `priority="1" condim="${rolls ? 6 : 4}" friction="${object.friction} 0.008 0.002"`
    return `
      <geom type="${part.shape}" size="${size}" pos="${pos}" quat="${quat}" mass="${part.mass}"
        rgba="${part.rgb.join(' ')} 1" ${contact}/>`
  })
  return `
    <body name="object${index}" pos="${x} ${y} ${z}" quat="${qw} ${qx} ${qy} ${qz}">
      <freejoint name="object${index}"/>${geoms.join('')}
    </body>`
}
