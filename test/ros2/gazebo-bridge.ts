/**
 * A stand-in for ros_gz_bridge on machines that do not have it. It passes messages from gz-transport to ROS, by the
 * entries of a file such as launch/config/gazebo_bridge.yaml. The first argument is the file; the arguments of a node
 * follow. Stamps are Gazebo's. It prints `ready` when all entries are bridged.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { clockBytes } from '../../ros2/clock-publisher.js'
import { GazeboBus } from '../../middleware/gazebo/gazebo-bus.js'
import { GzNode } from '../../middleware/gazebo/gz-node.js'
import { CLOCK } from '../../middleware/gazebo/gz-messages.js'
import type { TypeName } from '../../middleware/messages.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'

interface Entry {
  readonly gz_topic_name: string
  readonly ros_topic_name: string
  readonly gz_type_name: string
  readonly ros_type_name: string
  readonly direction: string
}

/** Those pairs of types in the README of ros_gz_bridge that the file uses. */
const PAIRS: readonly (readonly [gz: string, ros: string])[] = [
  ['gz.msgs.Clock', 'rosgraph_msgs/msg/Clock'],
  ['gz.msgs.Image', 'sensor_msgs/msg/Image'],
  ['gz.msgs.CameraInfo', 'sensor_msgs/msg/CameraInfo'],
  ['gz.msgs.Wrench', 'geometry_msgs/msg/WrenchStamped'],
  ['gz.msgs.Model', 'sensor_msgs/msg/JointState'],
]

const [file, ...args] = process.argv.slice(2)
const ros = await Ros2Process.start('bridge', ['bridge', ...args])
const bus = new Ros2Bus(ros.rcl, ros.node)
const [gazebo, node] = await Promise.all([GazeboBus.open(), GzNode.open()])

for (const { gz_topic_name: from, ros_topic_name: to, gz_type_name, ros_type_name, direction } of parse(
  readFileSync(file, 'utf8'),
) as Entry[]) {
  if (direction !== 'GZ_TO_ROS' || !PAIRS.some(([gz, name]) => gz === gz_type_name && name === ros_type_name))
    throw new Error(`${file}: ${from}: ${gz_type_name}, ${ros_type_name}, ${direction}`)
  if (ros_type_name === 'rosgraph_msgs/msg/Clock') {
    const publisher = ros.node.createPublisher(ros_type_name, to)
    node.subscribe(from, CLOCK, ({ sim }) => publisher.publish(clockBytes((sim?.sec ?? 0) * 1e9 + (sim?.nsec ?? 0), 0)))
  } else {
    const type = ros_type_name as Exclude<TypeName, `std_msgs/msg/${string}`>
    const publisher = bus.advertise(to, type)
    gazebo.subscribe(from, type, message =>
      publisher.publish({
        ...message,
        stamp: message.stamp + (gazebo.clock.epochSec - bus.clock.epochSec) * 1e9,
      } as never),
    )
  }
}
process.on('SIGINT', () => {
  void Promise.all([gazebo.close(), node.close()])
    .then(() => bus.close())
    .then(() => {
      ros.close()
      process.exit(0)
    })
})
console.log('ready')
