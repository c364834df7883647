/**
 * What ros_gz_bridge does with launch/config/gazebo_bridge.yaml, for tests where it cannot be had: from gz-transport to ROS, by the entries of the file named first; a
 * node's arguments follow. Stamps are Gazebo's. Says `ready` when all entries are bridged.
 */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { clockBytes } from '../../cli/ros2/clock-publisher.js'
import { GzNode } from '../../middleware/gazebo/gz-node.js'
import { CAMERA_INFO, CLOCK, HEADER, IMAGE, MODEL, PIXELS, WRENCH } from '../../middleware/gazebo/messages.js'
import type { MessageOf } from '../../middleware/gazebo/proto.js'
import { Ros2Bus } from '../../middleware/ros2/ros2-bus.js'
import { Ros2Process } from '../../middleware/ros2/ros2-process.js'

interface Entry {
  readonly gz_topic_name: string
  readonly ros_topic_name: string
  readonly gz_type_name: string
  readonly ros_type_name: string
  readonly direction: string
}

const [file, ...args] = process.argv.slice(2)
const ros = await Ros2Process.start('bridge', ['bridge', ...args])
const bus = new Ros2Bus(ros.rcl, ros.node)
const gz = await GzNode.open()

/** The frame's name is the value of the header's `frame_id`. */
const header = (from: MessageOf<typeof HEADER> | undefined) => ({
  stamp: ((from?.stamp?.sec ?? 0) - bus.clock.epochSec) * 1e9 + (from?.stamp?.nsec ?? 0),
  frameId: from?.data.find(({ key }) => key === 'frame_id')?.value[0] ?? '',
})
const ENCODINGS: Readonly<Record<number, string>> = { [PIXELS.RGB_INT8]: 'rgb8', [PIXELS.R_FLOAT32]: '32FC1' }

const pairs: Readonly<Record<string, (entry: Entry) => void>> = {
  'gz.msgs.Clock rosgraph_msgs/msg/Clock': ({ gz_topic_name, ros_topic_name }) => {
    const publisher = ros.node.createPublisher('rosgraph_msgs/msg/Clock', ros_topic_name)
    gz.subscribe(gz_topic_name, CLOCK, ({ sim }) => publisher.publish(clockBytes((sim?.sec ?? 0) * 1e9 + (sim?.nsec ?? 0), 0)))
  },
  'gz.msgs.Image sensor_msgs/msg/Image': ({ gz_topic_name, ros_topic_name }) => {
    const publisher = bus.advertise(ros_topic_name, 'sensor_msgs/msg/Image')
    gz.subscribe(gz_topic_name, IMAGE, ({ header: from, width, height, step, data, pixelFormatType }) =>
      publisher.publish({ ...header(from), width, height, step, data, encoding: ENCODINGS[pixelFormatType] ?? '', isBigendian: false }))
  },
  'gz.msgs.CameraInfo sensor_msgs/msg/CameraInfo': ({ gz_topic_name, ros_topic_name }) => {
    const publisher = bus.advertise(ros_topic_name, 'sensor_msgs/msg/CameraInfo')
    gz.subscribe(gz_topic_name, CAMERA_INFO, ({ header: from, width, height, distortion, intrinsics }) =>
      publisher.publish({ ...header(from), width, height, distortionModel: 'plumb_bob', d: Float64Array.from(distortion?.k ?? []), k: Float64Array.from(intrinsics?.k ?? []) }))
  },
  'gz.msgs.Wrench geometry_msgs/msg/WrenchStamped': ({ gz_topic_name, ros_topic_name }) => {
    const publisher = bus.advertise(ros_topic_name, 'geometry_msgs/msg/WrenchStamped')
    gz.subscribe(gz_topic_name, WRENCH, ({ header: from, force: f, torque: t }) =>
      publisher.publish({ ...header(from), wrench: Float64Array.of(f?.x ?? 0, f?.y ?? 0, f?.z ?? 0, t?.x ?? 0, t?.y ?? 0, t?.z ?? 0) }))
  },
  'gz.msgs.Model sensor_msgs/msg/JointState': ({ gz_topic_name, ros_topic_name }) => {
    const publisher = bus.advertise(ros_topic_name, 'sensor_msgs/msg/JointState')
    gz.subscribe(gz_topic_name, MODEL, ({ header: from, joint }) => publisher.publish({
      ...header(from), name: joint.map(({ name }) => name), position: Float64Array.from(joint, ({ axis1 }) => axis1?.position ?? 0),
      velocity: Float64Array.from(joint, ({ axis1 }) => axis1?.velocity ?? 0), effort: Float64Array.from(joint, ({ axis1 }) => axis1?.force ?? 0),
    }))
  },
}

for (const entry of parse(readFileSync(file, 'utf8')) as Entry[]) {
  const bridge = entry.direction === 'GZ_TO_ROS' ? pairs[`${entry.gz_type_name} ${entry.ros_type_name}`] : undefined
  if (!bridge) throw new Error(`${file}: ${JSON.stringify(entry)}: not known here`)
  bridge(entry)
}
process.on('SIGINT', () => {
  void gz.close().then(() => bus.close()).then(() => {
    ros.close()
    process.exit(0)
  })
})
console.log('ready')
