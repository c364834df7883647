import type { Disposable } from '../middleware/bus.js'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'

/**
 * Publishes the time of a bus on /clock for nodes with `use_sim_time`: every `period` ns, and before a message that is
 * stamped later than the last time. The time never goes back.
 */
export class ClockPublisher implements Disposable {
  readonly #node: RosNode
  readonly #publisher: RosPublisher
  readonly #bus: Ros2Bus
  readonly #timer: Disposable
  #published = -Infinity

  constructor(node: RosNode, bus: Ros2Bus, period: number) {
    this.#node = node
    this.#publisher = node.createPublisher('rosgraph_msgs/msg/Clock', '/clock')
    this.#bus = bus
    const { clock } = bus
    this.#timer = clock.every(period, () => this.reach(clock.now()))
  }

  /**
   * Publishes the time `stamp` (bus time, ns) unless it was reached already. To be called before a message with that
   * stamp is published: where this process was busy, its timer is late.
   */
  reach(stamp: number): void {
    if (stamp <= this.#published) return
    this.#published = stamp
    this.#publisher.publish(clockBytes(stamp, this.#bus.clock.epochSec))
  }

  dispose(): void {
    this.#timer.dispose()
    this.#node.destroyPublisher(this.#publisher)
  }
}

/** rosgraph_msgs/Clock in little-endian CDR: the encapsulation header, sec, nanosec. `stamp`: ns since `epochSec`. */
export function clockBytes(stamp: number, epochSec: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes[1] = 1
  const sec = Math.floor(stamp / 1e9)
  bytes.writeInt32LE(epochSec + sec, 4)
  bytes.writeUInt32LE(stamp - sec * 1e9, 8)
  return bytes
}
