import type { Disposable } from '../bus.js'
import { timeOf, type RosTime } from '../cdr/ros-time.js'
import { qosOf } from './qos.js'
import { lacking, rosTimeOf, type RosLogger, type RosPublisher } from './rclnodejs.js'
import type { Ros2Bus } from './ros2-bus.js'
import type { Ros2Process } from './ros2-process.js'

/** A frame that is fixed in its parent: `xyz` in m; `rpy` in rad about the parent's x, then y, then z axis. */
interface FixedFrame {
  readonly name: string
  readonly parent: string
  readonly xyz: readonly [number, number, number]
  readonly rpy: readonly [number, number, number]
}

export interface FramePublisherOptions {
  readonly ros: Ros2Process
  readonly bus: Ros2Bus
  /** The known frames. There is no circle among them. */
  readonly frames: readonly FixedFrame[]
  /** Put before every published name, so that two robots have different frame names. */
  readonly prefix: string
  readonly log: RosLogger
}

const TYPE = 'tf2_msgs/msg/TFMessage'
/** Least ns between two transforms of one frame on /tf. */
const PERIOD = 10_000_000

/**
 * Publishes transforms on /tf and /tf_static. The fixed frames are one message that grows; late subscribers get it too,
 * as from tf2_ros's StaticTransformBroadcaster. When tf2_msgs is not installed this is logged once, and nothing is
 * published.
 */
export class FramePublisher implements Disposable {
  readonly #options: FramePublisherOptions
  readonly #frames: ReadonlyMap<string, FixedFrame>
  readonly #publishers = new Map<string, RosPublisher>()
  readonly #fixed = new Map<string, object>()
  readonly #movedAt = new Map<string, number>()
  #lacking = false

  constructor(options: FramePublisherOptions) {
    this.#options = options
    this.#frames = new Map(options.frames.map(frame => [frame.name, frame]))
  }

  /**
   * Publishes the frame `name` (without the prefix) on /tf_static, with all known frames between it and the root.
   * Called for every frame that a message names.
   */
  fixed(name: string): void {
    const before = this.#fixed.size
    for (
      let frame = this.#frames.get(name);
      frame !== undefined && !this.#fixed.has(frame.name);
      frame = this.#frames.get(frame.parent)
    ) {
      this.#fixed.set(
        frame.name,
        this.#transform(frame.parent, frame.name, rosTimeOf(this.#options.ros.node), [
          ...frame.xyz,
          ...quaternion(frame.rpy),
        ]),
      )
    }
    if (this.#fixed.size > before) this.#publish('/tf_static', [...this.#fixed.values()])
  }

  /**
   * Publishes the pose of `name` in `parent` at `stamp` (bus time): x, y, z (m), qx, qy, qz, qw. A pose less than 10 ms
   * after the last one is skipped.
   */
  moved(parent: string, name: string, stamp: number, pose: ArrayLike<number>): void {
    const since = stamp - (this.#movedAt.get(name) ?? -Infinity)
    if (since >= 0 && since < PERIOD) return
    this.#movedAt.set(name, stamp)
    this.#publish('/tf', [this.#transform(parent, name, timeOf(stamp, this.#options.bus.clock.epochSec), pose)])
  }

  /** geometry_msgs/msg/TransformStamped. */
  #transform(
    parent: string,
    name: string,
    stamp: RosTime,
    { 0: x, 1: y, 2: z, 3: qx, 4: qy, 5: qz, 6: qw }: ArrayLike<number>,
  ): object {
    const { prefix } = this.#options
    return {
      header: { stamp, frame_id: prefix + parent },
      child_frame_id: prefix + name,
      transform: { translation: { x, y, z }, rotation: { x: qx, y: qy, z: qz, w: qw } },
    }
  }

  dispose(): void {
    for (const publisher of this.#publishers.values()) this.#options.ros.node.destroyPublisher(publisher)
    this.#publishers.clear()
  }

  #publish(topic: '/tf' | '/tf_static', transforms: readonly object[]): void {
    if (this.#lacking) return
    const {
      ros: { rcl, node },
      log,
    } = this.#options
    let publisher = this.#publishers.get(topic)
    if (publisher === undefined) {
      const why = lacking(rcl, TYPE)
      if (why !== undefined) {
        this.#lacking = true
        log.warn(`${why}: nothing on /tf and /tf_static`)
        return
      }
      publisher = node.createPublisher(TYPE, topic, {
        qos: qosOf(
          rcl,
          topic === '/tf' ? { reliable: true, depth: 100 } : { reliable: true, depth: 1, transientLocal: true },
        ),
      })
      this.#publishers.set(topic, publisher)
    }
    publisher.publish({ transforms })
  }
}

/** x, y, z, w of Rz(yaw) Ry(pitch) Rx(roll). */
function quaternion([roll, pitch, yaw]: readonly [number, number, number]): [number, number, number, number] {
  const [cr = NaN, cp = NaN, cy = NaN] = [roll, pitch, yaw].map(angle => Math.cos(angle / 2))
  const [sr = NaN, sp = NaN, sy = NaN] = [roll, pitch, yaw].map(angle => Math.sin(angle / 2))
  return [
    sr * cp * cy - cr * sp * sy,
    cr * sp * cy + sr * cp * sy,
    cr * cp * sy - sr * sp * cy,
    cr * cp * cy + sr * sp * sy,
  ]
}
