import type { GripperStatus } from '../../drivers/gripper.js'
import type { Disposable } from '../../middleware/bus.js'
import { timeOf } from '../../middleware/cdr/stamp.js'
import type { RosNode } from '../../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { fingerState } from '../../nodes/finger-state.js'

/** prehend_interfaces/msg/GripperState: constants of `object`. */
const OBJECT: Readonly<Record<GripperStatus['object'], number>> = { moving: 0, opening: 1, closing: 2, none: 3 }
const JOINT_STATES = 'joint_states'
/** ns between two looks: the gripper is polled as often. */
const PERIOD = 20_000_000

/**
 * Publishes each answer of the gripper on `~/gripper_state`, and its joint on `joint_states`, where everything that shows a robot looks. `status`: the
 * newest answer. `jointTopic`: whole name of the topic on which the control node publishes the joint anyway.
 */
export function publishGripperState(node: RosNode, bus: Ros2Bus, status: () => GripperStatus | undefined, jointTopic: string | undefined): Disposable {
  const publisher = node.createPublisher('prehend_interfaces/msg/GripperState', '~/gripper_state')
  const joints = node.resolveTopicName(JOINT_STATES) === jointTopic ? undefined : bus.advertise(JOINT_STATES, 'sensor_msgs/msg/JointState')
  let told: GripperStatus | undefined
  const timer = bus.clock.every(PERIOD, () => {
    const now = status()
    if (now === undefined || now === told) return
    told = now
    publisher.publish({
      header: { stamp: timeOf(bus.clock.now(), bus.clock.epochSec), frame_id: '' },
      width: now.width, requested_width: now.requestedWidth, effort: NaN, current: now.current, object: OBJECT[now.object], fault: now.fault,
      fault_text: now.faultText, activated: now.activated,
    })
    joints?.publish(fingerState(now, bus.clock.now()))
  })
  return {
    dispose: () => {
      timer.dispose()
      node.destroyPublisher(publisher)
      joints?.dispose()
    },
  }
}
