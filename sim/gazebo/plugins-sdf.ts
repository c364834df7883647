import type { Controller } from './controllers.js'
import { commandTopic, FINGER_JOINTS } from './names.js'
import { number } from './text.js'

/**
 * A system plugin of the simulator. The names are those of Harmonic and Jetty (gz-sim-…, gz::sim::systems::…). Fortress
 * accepts them since January 2024: its SystemLoader reads gz-sim in a library's name as ignition-gazebo. Its own names
 * (ignition-…) are deprecated in Harmonic and Jetty, which warn about each of them.
 */
const plugin = (library: string, system: string, content = ''): string =>
  `\n<plugin filename="gz-sim-${library}-system" ` +
  `name="gz::sim::systems::${system}">${content === '' ? '' : `${content}\n`}</plugin>`

/** The systems of a world: physics, control, poses, and the robot's sensors. */
export const worldSystems = (): string =>
  [
    plugin('physics', 'Physics'),
    plugin('user-commands', 'UserCommands'),
    plugin('scene-broadcaster', 'SceneBroadcaster'),
    plugin('sensors', 'Sensors', '\n  <render_engine>ogre2</render_engine>'),
    plugin('forcetorque', 'ForceTorque'),
    plugin('contact', 'Contact'),
  ].join('')

/** The system that publishes the joint states. */
export const jointStates = (): string => plugin('joint-state-publisher', 'JointStatePublisher')

/**
 * The position controller of a joint. The right finger has its own controller, which takes the left finger's commands.
 * SDF's `mimic`, and physics engines that support it, are newer than Fortress.
 */
export function jointController(joint: string, { stiffness, force }: Controller, offset: number): string {
  const follows = joint === FINGER_JOINTS[1] ? `\n  <topic>${commandTopic(FINGER_JOINTS[0])}</topic>` : ''
  return plugin(
    'joint-position-controller',
    'JointPositionController',
    `
  <joint_name>${joint}</joint_name>${follows}
  <p_gain>${number(stiffness)}</p_gain><i_gain>0</i_gain><d_gain>0</d_gain>
  <cmd_max>${number(force)}</cmd_max><cmd_min>${number(-force)}</cmd_min><cmd_offset>${number(offset)}</cmd_offset>`,
  )
}
