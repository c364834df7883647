import type { GripperStatus } from '../../drivers/gripper.js'
import type { Disposable } from '../../middleware/bus.js'
import { timeOf } from '../../middleware/cdr/stamp.js'
import type { RosNode } from '../../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'

/** prehend_interfaces/msg/GripperState: constants of `object`. */
const OBJECT: Readonly<Record<GripperStatus['object'], number>> = { moving: 0, opening: 1, closing: 2, none: 3 }
/** ns between two looks: the gripper is polled as often. */
const PERIOD = 20_000_000

/** Publishes each answer of the gripper on `~/gripper_state`. `status`: the newest one. */
export function publishGripperState(node: RosNode, bus: Ros2Bus, status: () => GripperStatus | undefined): Disposable {
  const publisher = node.createPublisher('prehend_interfaces/msg/GripperState', '~/gripper_state')
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
  })
  return {
    dispose: () => {
      timer.dispose()
      node.destroyPublisher(publisher)
    },
  }
}
