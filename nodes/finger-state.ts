import type { GripperStatus } from '../drivers/gripper.js'
import type { Stream } from '../robots/robot.js'
import type { JointState } from '../middleware/messages.js'

const JOINT = 'finger_joint'
const NAMES = [JOINT]
const NOTHING = new Float64Array(0)

/**
 * A gripper as a joint: its position is the width between the fingertips (m). What the device knows of its effort is a
 * current, which is none.
 */
export function fingerState({ width }: GripperStatus, stamp: number): JointState {
  return { stamp, frameId: '', name: NAMES, position: Float64Array.of(width), velocity: NOTHING, effort: NOTHING }
}

/**
 * The stream that a gripper's joint belongs on: the one that selects it, else the only one of joint states; of several
 * that do not, none.
 */
export function fingerStream(streams: readonly Stream[]): Stream | undefined {
  const joints = streams.filter(({ type }) => type === 'sensor_msgs/msg/JointState')
  return (
    joints.find(({ select }) => select.some(value => value.endsWith(`.${JOINT}`))) ??
    (joints.length === 1 && joints[0]!.select.length === 0 ? joints[0] : undefined)
  )
}
