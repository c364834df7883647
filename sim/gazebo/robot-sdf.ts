import type { CellBody, CellModel } from './cell-model.js'
import { controllerOf } from './controllers.js'
import { withDrives } from './drive-mass.js'
import { inertialSdf } from './inertial-sdf.js'
import { ROBOT, TOPICS } from './names.js'
import { jointController, jointStates } from './plugins-sdf.js'
import { cameraSdf, contactSdf, forceTorqueSdf } from './sensors-sdf.js'
import { HIGHEST_FRICTION, solidSdf } from './solid-sdf.js'
import { escape, indent, number, numbers, pose } from './text.js'

/** m/s². */
export const GRAVITY = 9.81
/** The body below the wrist sensor. */
const GRIPPER_BODY = 'gripper'

/**
 * The robot: gantry, gripper, wrist camera and wrist sensor, with the systems that drive it. All its joints are at 0 at
 * home with open fingers.
 */
export function robotSdf(cell: CellModel): string {
  const bodies = withDrives(cell.arm)
  const links = bodies.map(body => link(body, cell)).join('')
  const joints = bodies.map(joint).join('')
  return `
<model name="${ROBOT}">${indent(links, 2)}${indent(joints, 2)}
${indent(`${bodies.map(body => driver(body, bodies)).join('')}${jointStates()}`, 2).slice(1)}
</model>`
}

function link(body: CellBody, { camera }: CellModel): string {
  const touch = Object.entries(TOPICS.contacts).find(([name]) => name === body.name)
  const parts = [
    inertialSdf(body),
    ...body.solids.map(solid => solidSdf(solid, { name: solid.name, friction: HIGHEST_FRICTION })),
    body.name === camera.body ? cameraSdf(camera) : '',
    touch === undefined
      ? ''
      : contactSdf(
          touch[1],
          body.solids.map(({ name }) => name),
        ),
  ]
  return `
<link name="${escape(body.name)}">
  ${pose(body.pose)}${indent(parts.join(''), 2)}
</link>`
}

function joint({ name, parent, joint: moving }: CellBody): string {
  if (moving === undefined) {
    return `
<joint name="wrist" type="fixed">
  <parent>${escape(parent)}</parent>
  <child>${escape(name)}</child>${name === GRIPPER_BODY ? indent(forceTorqueSdf(), 2) : ''}
</joint>`
  }
  const { damping, force, range } = controllerOf(moving.name, moving.home)
  const limits = range === undefined ? '' : `<lower>${number(range[0])}</lower><upper>${number(range[1])}</upper>`
  return `
<joint name="${escape(moving.name)}" type="${moving.type}">
  <parent>${escape(parent)}</parent>
  <child>${escape(name)}</child>
  <axis>
    <xyz>${numbers(moving.axis)}</xyz>
    <limit>${limits}<effort>${number(force)}</effort></limit>
    <dynamics><damping>${number(damping)}</damping></dynamics>
  </axis>
</joint>`
}

function driver({ joint: moving, name }: CellBody, bodies: readonly CellBody[]): string {
  if (moving === undefined) return ''
  const isVertical = moving.type === 'prismatic' && moving.axis[2] === 1
  return jointController(
    moving.name,
    controllerOf(moving.name, moving.home),
    isVertical ? GRAVITY * carried(name, bodies) : 0,
  )
}

/** Mass of a body and of all bodies below it, kg. */
const carried = (name: string, bodies: readonly CellBody[]): number =>
  bodies.reduce(
    (sum, body) => sum + (body.name === name ? body.mass : body.parent === name ? carried(body.name, bodies) : 0),
    0,
  )
