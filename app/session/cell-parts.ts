import type { Bus, Disposable } from '../../middleware/bus.js'
import type { LifecycleNode } from '../../middleware/lifecycle.js'
import type { PoseStamped } from '../../middleware/messages.js'
import type { VoiceNode } from '../../nodes/voice-node.js'
import type { Robot, Stream } from '../../robots/robot.js'
import { toolStream } from '../../robots/tool-stream.js'
import { BASE_FRAME, WRIST_FRAME } from '../../sim/embedded/frames.js'
import type { RobotCell } from '../../sim/robot-cell.js'
import type { CellFrame, SimulatedCell } from '../../sim/simulated-cell.js'
import { cellTopic, rawTopic } from './cell-topic.js'
import { cameraPart } from './parts/camera-part.js'
import { forceTorquePart } from './parts/force-torque-part.js'
import { voicePart } from './parts/voice-part.js'
import { cellOf } from './cells.js'
import type { Part, Sensors } from './session.js'

/**
 * The voice node of a cell, whose episodes publish their commands as voice events. Throws UsageError where the robot
 * has no voice stream.
 */
export const cellVoice = (robot: Robot): Part<VoiceNode> => voicePart({ topic: cellTopic(robot, 'voice') })

export interface CellStamps {
  /** Converts the cell's stamps to the bus's. Default: they are the same. */
  readonly stampOf?: (stamp: number) => number
  /** Called with each frame before it is published. */
  readonly onFrame?: (frame: CellFrame) => void
}

/**
 * The cell's cameras and its wrist sensor as nodes of a session, those that the robot has a stream for. The pictures of a
 * cell's only camera go to the robot's colour and depth; else those of the camera NAME to the streams NAME and NAME_depth.
 * Throws UsageError where the robot expects compressed images.
 */
export function cellSensors(
  robot: Robot,
  { cameras, wrist }: Pick<RobotCell, 'cameras' | 'wrist'>,
  { stampOf = stamp => stamp, onFrame = () => undefined }: CellStamps = {},
): Sensors {
  const named = Object.entries(cameras)
  const force = robot.streams.find(({ modality }) => modality === 'force')
  const parts: Part<LifecycleNode>[] = []
  if (force)
    parts.push(
      forceTorquePart({
        topic: force.topic,
        frameId: WRIST_FRAME,
        source: {
          start: take => wrist.start((stamp, wrench) => take(stampOf(stamp), wrench)),
          stop: () => wrist.stop(),
        },
      }),
    )
  for (const [name, camera] of named) {
    const isOf = (modality: Stream['modality'], suffix: string) => (stream: Stream) =>
      stream.modality === modality && (named.length === 1 || stream.name === name + suffix)
    const [rgb, depth] = [robot.streams.find(isOf('rgb', '')), robot.streams.find(isOf('depth', '_depth'))]
    if (!rgb && !depth) continue
    parts.push(
      cameraPart({
        rgbTopic: rgb && rawTopic(robot, rgb),
        depthTopic: depth && rawTopic(robot, depth),
        frameId: cellOf(robot).cameraFrames[name] ?? name,
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
    )
  }
  return parts
}

/** Whether the arm of a cell takes poses of its tool. */
export const takesPoses = (cell: RobotCell): cell is SimulatedCell => 'setToolTarget' in cell

/** Publishes tool poses (x, y, z, qx, qy, qz, qw in the base frame). */
export interface ToolPoses extends Disposable {
  publish(stamp: number, pose: Float64Array): void
}

/** Undefined where the robot has no stream for tool poses. The publisher reuses one message. */
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

/** Calls `follow` with the set-points of the robot's arm. Undefined where the robot has no arm. */
export function followSetPoints(
  bus: Bus,
  { actions: { arm } }: Robot,
  follow: (target: PoseStamped) => void,
): Disposable | undefined {
  return arm && bus.subscribe(arm.topic, 'geometry_msgs/msg/PoseStamped', follow)
}
