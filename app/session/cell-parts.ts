import type { Bus, Disposable } from '../../middleware/bus.js'
import type { PoseStamped } from '../../middleware/messages.js'
import type { CameraNode } from '../../nodes/camera-node.js'
import type { ForceTorqueNode } from '../../nodes/force-torque-node.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { Robot } from '../../robots/robot.js'
import { toolStream } from '../../robots/tool-stream.js'
import type { SimulatedCell } from '../../sim/embedded/cell-handle.js'
import { BASE_FRAME, CAMERA_FRAME, WRIST_FRAME } from '../../sim/embedded/frames.js'
import type { CellFrame } from '../../sim/simulated-cell.js'
import { cellTopic } from './cell-topic.js'
import { cameraPart } from './parts/camera-part.js'
import { forceTorquePart } from './parts/force-torque-part.js'
import { voicePart } from './parts/voice-part.js'
import type { Part } from './session.js'

/** Voice of a cell: its episodes speak as voice events. Throws UsageError where the robot has no voice stream. */
export const cellVoice = (robot: Robot): Part<VoiceNode> => voicePart({ topic: cellTopic(robot, 'voice') })

export interface CellStamps {
  /** Turns the cell's stamps into the bus's. Default: they are the same. */
  readonly stampOf?: (stamp: number) => number
  /** Told of each frame before it is published. */
  readonly onFrame?: (frame: CellFrame) => void
}

/** The cell's camera and wrist sensor as parts of a session. Throws UsageError where the robot lacks their streams. */
export function cellSensors(
  robot: Robot,
  { camera, wrist }: Pick<SimulatedCell, 'camera' | 'wrist'>,
  { stampOf = stamp => stamp, onFrame = () => undefined }: CellStamps = {},
): { readonly camera: Part<CameraNode>; readonly forceTorque: Part<ForceTorqueNode> } {
  return {
    camera: cameraPart({
      rgbTopic: cellTopic(robot, 'rgb'),
      depthTopic: cellTopic(robot, 'depth'),
      frameId: CAMERA_FRAME,
      source: {
        start: take =>
          camera.start(exposed => {
            const frame = { ...exposed, stamp: stampOf(exposed.stamp) }
            onFrame(frame)
            take(frame)
          }),
        stop: () => camera.stop(),
      },
    }),
    forceTorque: forceTorquePart({
      topic: cellTopic(robot, 'force'),
      frameId: WRIST_FRAME,
      source: {
        start: take => wrist.start((stamp, wrench) => take(stampOf(stamp), wrench)),
        stop: () => wrist.stop(),
      },
    }),
  }
}

/** Publishes tool poses (x, y, z, qx, qy, qz, qw in the base frame). */
export interface ToolPoses extends Disposable {
  publish(stamp: number, pose: Float64Array): void
}

/** Undefined: the robot has no stream for them. One message is filled again and again. */
export function toolPoses(bus: Bus, robot: Robot, framePrefix = ''): ToolPoses | undefined {
  const tool = toolStream(robot)
  if (!tool) return undefined
  const publisher = bus.advertise(tool.topic, 'geometry_msgs/msg/PoseStamped')
  const message = { stamp: 0, frameId: framePrefix + BASE_FRAME, pose: new Float64Array(7) }
  return {
    publish(stamp, pose) {
      message.stamp = stamp
      message.pose.set(pose)
      publisher.publish(message)
    },
    dispose: () => publisher.dispose(),
  }
}

/** Tells `follow` of the set-points of the robot's arm. Undefined: the robot has no arm. */
export function followSetPoints(
  bus: Bus,
  { actions: { arm } }: Robot,
  follow: (target: PoseStamped) => void,
): Disposable | undefined {
  return arm && bus.subscribe(arm.topic, 'geometry_msgs/msg/PoseStamped', follow)
}
