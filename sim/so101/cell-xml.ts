import type { PlacedObject } from '../embedded/episode.js'
import { ARM, JOINTS } from './arm.js'
import { ARM_DEFAULTS, armActuators, armXml } from './arm-xml.js'
import { BIN, BINS, binAt, binYaw } from './layout.js'
import type { BinName } from './layout.js'

const TIMESTEP_S = 0.001

/** The overhead camera stands in front of the cell, so that the arm does not hide what it reaches for. */
const OVERHEAD = 'pos="0.4 0 0.52" xyaxes="0 1 0 -0.9 0 0.4359" fovy="52"'

/** Number of numbers in front of the objects' in `qpos`: two for each joint. */
export const OBJECTS_AT = 2 * JOINTS.length

/** First value of a sensor in `sensordata`, by what it measures; then `perObject` values for each object. */
export const SENSORS = { wristForce: 0, wristTorque: 3, hand: 6, objects: 9, perObject: 9 } as const

/**
 * The cell as MJCF text: the arm on a table, two bins, both cameras and `objects` in their places. `qpos` has each
 * joint's motor and play, then the objects.
 */
export function cellXml(objects: readonly PlacedObject[]): string {
  return `<mujoco model="prehend_so101">
  <compiler angle="radian" autolimits="true"/>
  <option timestep="${TIMESTEP_S}" integrator="implicitfast" cone="elliptic" impratio="10" iterations="30"
    ls_iterations="20" tolerance="1e-10">
    <flag multiccd="enable"/>
  </option>
  <size memory="8M"/>
  <default>
    <geom solref="0.008 1" solimp="0.9 0.97 0.001" condim="3" contype="1" conaffinity="3"/>${ARM_DEFAULTS}
  </default>
  <worldbody>
    <light name="lamp" pos="0.3 -0.4 1.2" dir="-0.2 0.3 -1"/>
    <camera name="overhead" ${OVERHEAD}/>
    <geom name="table" type="box" size="0.33 0.36 0.02" pos="0.17 0 -0.02" rgba="0.55 0.5 0.45 1" solref="0.02 1"/>
    ${BINS.map(binXml).join('')}
    ${armXml()}${objects.map(objectXml).join('')}
  </worldbody>
  <contact>
    <pair geom1="pad_fixed" geom2="pad_moving"/>
  </contact>
  <actuator>${armActuators()}</actuator>
  <sensor>
    <force name="wrist_force" site="wrist"/>
    <torque name="wrist_torque" site="wrist"/>
    <contact name="hand_table" subtree1="hand" geom2="table" reduce="netforce" data="force"/>${objects
      .map(
        (_, i) => `
    <contact name="fixed_object${i}" body1="hand" body2="object${i}" reduce="netforce" data="force"/>
    <contact name="moving_object${i}" body1="jaw" body2="object${i}" reduce="netforce" data="force"/>
    <contact name="table_object${i}" geom1="table" body2="object${i}" reduce="netforce" data="force"/>`,
      )
      .join('')}
  </sensor>
</mujoco>
`
}

/** The arm alone, without free play, for kinematics: `qpos` has one number for each joint. */
export const kinematicsXml = (): string => `<mujoco model="prehend_so101_arm">
  <compiler angle="radian" autolimits="true"/>
  <default>${ARM_DEFAULTS}
  </default>
  <worldbody>${armXml({ play: false })}</worldbody>
</mujoco>
`

/** Index of a joint's motor in `qpos` and `qvel`. The play comes after it. */
export const motorAt = (joint: number): number => 2 * joint

function binXml(bin: BinName): string {
  const { half, height, wall, floor } = BIN
  const [x, y] = binAt(bin)
  const colour = bin === 'left' ? '0.3 0.42 0.5 1' : '0.5 0.36 0.3 1'
  const side = (name: string, size: string, pos: string): string =>
    `<geom name="bin_${bin}_${name}" type="box" size="${size}" pos="${pos}" rgba="${colour}"/>`
  const outer = half + wall
  return `
    <body name="bin_${bin}" pos="${x} ${y} 0" euler="0 0 ${binYaw(bin)}">
      ${side('floor', `${half} ${half} ${floor / 2}`, `0 0 ${floor / 2}`)}
      ${side('front', `${wall / 2} ${outer} ${height / 2}`, `${half + wall / 2} 0 ${height / 2}`)}
      ${side('back', `${wall / 2} ${outer} ${height / 2}`, `${-half - wall / 2} 0 ${height / 2}`)}
      ${side('far', `${half} ${wall / 2} ${height / 2}`, `0 ${half + wall / 2} ${height / 2}`)}
      ${side('near', `${half} ${wall / 2} ${height / 2}`, `0 ${-half - wall / 2} ${height / 2}`)}
    </body>`
}

/**
 * Rolling friction, m. Without any a cylinder that falls on its rim would wobble on for ever. A box does not roll.
 */
const ROLLING = { box: 0.0002, cylinder: 0.0004, capsule: 0.001, sphere: 0.002, ellipsoid: 0.002 } as const

function objectXml({ object, pose }: PlacedObject, index: number): string {
  const [x, y, z, qx, qy, qz, qw] = pose
  const geoms = object.parts.map(part => {
    const [size, pos, quat] = [part.size, part.pos, part.quat].map(numbers => numbers.join(' '))
    const contact = `priority="1" condim="6" friction="${object.friction} 0.008 ${ROLLING[part.shape]}"`
    return `
      <geom type="${part.shape}" size="${size}" pos="${pos}" quat="${quat}" mass="${part.mass}"
        rgba="${part.rgb.join(' ')} 1" ${contact}/>`
  })
  return `
    <body name="object${index}" pos="${x} ${y} ${z}" quat="${qw} ${qx} ${qy} ${qz}">
      <freejoint name="object${index}"/>${geoms.join('')}
    </body>`
}

/** The joints' ranges as flat arrays, for limits: rad. */
export const RANGES = {
  low: Float64Array.from(ARM, ({ range }) => range[0]),
  high: Float64Array.from(ARM, ({ range }) => range[1]),
} as const
