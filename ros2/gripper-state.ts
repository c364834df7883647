import type { Disposable } from '../middleware/bus.js'
import { timeOf } from '../middleware/cdr/ros-time.js'
import type { RosNode } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { ControlNode } from '../nodes/control-node.js'
import { fingerState } from '../nodes/finger-state.js'

type GripperStatus = NonNullable<ControlNode['status']>

/** prehend_interfaces/msg/GripperState: constants of `object`. */
const OBJECT: Readonly<Record<GripperStatus['object'], number>> = { moving: 0, opening: 1, closing: 2, none: 3 }
const JOINT_STATES = 'joint_states'
/** ns between two checks for a new answer: the gripper is polled as often. */
const PERIOD = 20_000_000

/**
 * Publishes each answer of the gripper on `~/gripper_state`, and the gripper's joint on `joint_states`, which
 * robot_state_publisher and RViz read. `control` has the newest answer and its stamp. `jointTopic`: whole name of the
 * topic on which the control node publishes the joint itself; where that is `joint_states` the joint is left out here.
 */
export function publishGripperState(
  node: RosNode,
  bus: Ros2Bus,
  control: Pick<ControlNode, 'status' | 'statusStamp'>,
  jointTopic: string | undefined,
): Disposable {
  const publisher = node.createPublisher('prehend_interfaces/msg/GripperState', '~/gripper_state')
  const joints =
    node.resolveTopicName(JOINT_STATES) === jointTopic
      ? undefined
      : bus.advertise(JOINT_STATES, 'sensor_msgs/msg/JointState')
  let published: GripperStatus | undefined
  const timer = bus.clock.every(PERIOD, () => {
    const { status: now, statusStamp } = control
    if (now === undefined || now === published) return
    published = now
    publisher.publish({
      header: { stamp: timeOf(statusStamp, bus.clock.epochSec), frame_id: '' },
      width: now.width,
      requested_width: now.requestedWidth,
      effort: NaN,
      current: now.current,
      object: OBJECT[now.object],
      fault: now.fault,
      fault_text: now.faultText,
      activated: now.activated,
    })
    joints?.publish(fingerState(now, statusStamp))
  })
  return {
    dispose: () => {
      timer.dispose()
      node.destroyPublisher(publisher)
      joints?.dispose()
    },
  }
}
