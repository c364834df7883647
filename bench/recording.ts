import { BagWriter } from '../middleware/bag/bag-writer.js'

export interface RecordingSize {
  readonly seconds: number
  readonly width: number
  readonly height: number
}

const MS = 1_000_000

/**
 * Writes a recording with the topics of robots/cell.yaml: rgb8 and 16UC1 at 30 Hz that share a stamp, wrench at 1 kHz,
 * tool pose at 250 Hz, gripper at 50 Hz, one command. Not compressed: 44 MB a second at 640x480.
 */
export async function writeRecording(path: string, { seconds, width, height }: RecordingSize): Promise<void> {
  const writer = new BagWriter(path, { epochSec: 1_700_000_000 })
  const pixels = width * height
  const rgb = Uint8Array.from({ length: pixels * 3 }, (_, i) => (i * 2654435761) >>> 24)
  const depth = new Uint8Array(Uint16Array.from({ length: pixels }, (_, i) => 600 + (i % 97)).buffer)
  const wrench = { stamp: 0, frameId: 'wrist', wrench: new Float64Array(6) }
  const pose = { stamp: 0, frameId: 'base', pose: Float64Array.of(0, 0, 0.28, 1, 0, 0, 0) }
  const start = 3600 * 1000 * MS
  writer.write(
    '/voice/events',
    'prehend_interfaces/msg/VoiceEvent',
    { stamp: start, frameId: '', text: 'pick the red cylinder', confidence: 1 },
    start,
  )
  let frame = 0
  for (let t = 1; t <= seconds * 1000; t++) {
    const stamp = start + t * MS
    wrench.stamp = stamp
    wrench.wrench[2] = 192 + Math.sin(t / 40)
    writer.write('/wrist/wrench', 'geometry_msgs/msg/WrenchStamped', wrench, stamp + 0.3 * MS)
    if (t % 4 === 0) {
      pose.stamp = stamp
      writer.write('/tool_pose', 'geometry_msgs/msg/PoseStamped', pose, stamp + 0.4 * MS)
    }
    if (t % 20 === 0) {
      const joints = {
        stamp,
        frameId: '',
        name: ['finger_joint'],
        position: Float64Array.of(0.085),
        velocity: new Float64Array(0),
        effort: new Float64Array(0),
      }
      writer.write('/gripper/joint_states', 'sensor_msgs/msg/JointState', joints, stamp + 0.5 * MS)
    }
    if (t >= 12 + (frame * 1000) / 30) {
      const taken = {
        stamp: Math.round(start + (frame * 1e9) / 30),
        frameId: 'camera',
        height,
        width,
        isBigendian: false,
      }
      writer.write(
        '/camera/depth/image_raw',
        'sensor_msgs/msg/Image',
        { ...taken, encoding: '16UC1', step: width * 2, data: depth },
        stamp + 0.6 * MS,
      )
      writer.write(
        '/camera/color/image_raw',
        'sensor_msgs/msg/Image',
        { ...taken, encoding: 'rgb8', step: width * 3, data: rgb },
        stamp + 0.6 * MS,
      )
      frame++
      await new Promise(setImmediate)
    }
  }
  await writer.close()
}
