import type { GripperStatus } from '../drivers/gripper.js'
import type { JointState } from '../middleware/messages.js'

const NAMES = ['finger_joint']
const NOTHING = new Float64Array(0)

/** A gripper as a joint: its position is the width between the fingertips (m), its effort the motor's current (A), which is what the device knows. */
export function fingerState({ width, current }: GripperStatus, stamp: number): JointState {
  return { stamp, frameId: '', name: NAMES, position: Float64Array.of(width), velocity: NOTHING, effort: Float64Array.of(current) }
}
