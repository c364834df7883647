import { angleOrLength, rosType, type JointPosition } from '../fields.js'
import { actionName, partName } from '../ros-names.js'
import type { ActuatorBase } from './actuator-base.js'
import { actuatorKind } from './actuator-kind.js'
import { checkJointStream, jointStream } from './state-stream.js'

const PARALLEL = 'control_msgs/action/ParallelGripperCommand'
const OLDER = 'control_msgs/action/GripperCommand'

interface Section {
  readonly action: string
  readonly type: string
  readonly joint?: string | undefined
  readonly closed?: JointPosition | undefined
  readonly open?: JointPosition | undefined
  readonly state?: string | undefined
}

/** A gripper behind a ROS action. */
export interface GripperAction extends ActuatorBase {
  readonly kind: 'gripper_action'
  readonly action: string
  readonly type: string
  /** The joint that the action moves. The goal of ParallelGripperCommand names it. */
  readonly joint: string | undefined
  /**
   * The positions of the joint at the smallest and at the largest width. Undefined: the position is the width in m.
   */
  readonly travel: { readonly closed: number; readonly open: number } | undefined
}

const position = (note: string) =>
  angleOrLength(['-100', '100'], `${note} Left out: the position is the width in m.`).optional()

export const gripperAction = actuatorKind<Section, GripperAction>({
  kind: 'gripper_action',
  written: `\`{ action, type: ${PARALLEL}, joint: NAME }\`, or \`type: ${OLDER}\``,
  meaning:
    'a gripper behind a ROS action. `closed` and `open` are the positions of its joint at the smallest and the largest width; without them its position is the width in m. `state` may name a JointState stream',
  channels: '`gripper` (`width`, `opening`, `effort`)',
  claims: ({ type }) => type === PARALLEL || type === OLDER,
  shape: () => ({
    action: actionName,
    type: rosType([PARALLEL, OLDER]),
    joint: partName('joint')
      .optional()
      .meta({ description: `The joint that it moves. Needed by ${PARALLEL}.` }),
    closed: position('The position of the joint at the smallest width.'),
    open: position('The position of the joint at the largest width.'),
    state: jointStream.optional(),
  }),
  takes: () => [{ kind: 'gripper', names: ['width', 'opening', 'effort'] }],
  hasJoints: false,
  resolve(section, context) {
    const { action, type, joint, closed, open, state } = section
    if (joint === undefined && type === PARALLEL)
      context.fail(['joint'], `${PARALLEL} names the joint that it moves: say which, such as joint: finger_joint`)
    if (joint === undefined && state !== undefined)
      context.fail(['joint'], 'state is read by the name of the joint: say which, such as joint: finger_joint')
    if ((closed === undefined) !== (open === undefined) || (closed && closed.value === open?.value))
      context.fail([closed ? 'closed' : 'open'], 'say two different positions, closed and open, or neither')
    if (closed?.unit && open?.unit && closed.unit !== open.unit)
      context.fail(['open'], `is in ${open.unit} and closed in ${closed.unit}; a joint turns or slides`)
    if (joint !== undefined && state !== undefined) checkJointStream(state, [joint], undefined, context)
    return {
      kind: 'gripper_action',
      action: context.whole(action),
      type,
      joint,
      travel: closed && open && { closed: closed.value, open: open.value },
      takes: this.takes(section),
      joints: [],
      state,
    }
  },
  canonical: ({ action, type, joint, travel, state }, below) => ({
    action: below(action),
    type,
    joint,
    ...travel,
    state,
  }),
  endpoints: ({ action }) => [{ what: 'action', at: action, key: ['action'] }],
  describe({ action, type, joint, travel, state }, topicOf) {
    const range = travel ? `, from ${travel.closed} (closed) to ${travel.open} (open)` : ''
    const moved = joint === undefined ? '' : `, joint ${joint}`
    const where = state === undefined ? '' : `; it is where ${state} says (${topicOf(state)})`
    return `${action} (${type})${moved}${range}${where}`
  },
})
