import type { GripperStatus } from '../drivers/gripper.js'
import type { Stream } from '../robots/robot.js'
import type { JointState } from '../middleware/messages.js'

const JOINT = 'finger_joint'
const NAMES = [JOINT]
const NOTHING = new Float64Array(0)

/**
 * The gripper as a joint, of the name in `names`. Its position is the width between the fingertips (m). The effort is
 * left empty, because the device reports a current and not a force. `stamp`: bus time, ns.
 */
export function fingerState({ width }: GripperStatus, stamp: number, names: readonly string[] = NAMES): JointState {
  return {
    stamp,
    frameId: '',
    name: names,
    position: Float64Array.of(width),
    velocity: NOTHING,
    effort: NOTHING,
  }
}

/**
 * The stream that the gripper's joint is published on: the one that selects this joint, else the only stream of joint
 * states if it selects none. Undefined: there is no such stream.
 */
export function fingerStream(streams: readonly Stream[]): Stream | undefined {
  const joints = streams.filter(({ type }) => type === 'sensor_msgs/msg/JointState')
  return (
    joints.find(({ select }) => select.some(value => value.endsWith(`.${JOINT}`))) ??
    (joints.length === 1 && joints[0]!.select.length === 0 ? joints[0] : undefined)
  )
}

/** The stream that another gripper than the actuator `gripper` is published on: the one that selects the joint of its name. */
export const namedFingerStream = (streams: readonly Stream[], name: string): Stream | undefined =>
  streams.find(({ type, select }) => type === 'sensor_msgs/msg/JointState' && select.includes(`position.${name}`))
