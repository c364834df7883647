import type { Disposable } from '../middleware/bus.js'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'

/**
 * Says the time of a bus on /clock, every `period` ns and before what is stamped later than its last word, for nodes
 * with `use_sim_time`. It never goes back.
 */
export class ClockPublisher implements Disposable {
  readonly #node: RosNode
  readonly #publisher: RosPublisher
  readonly #bus: Ros2Bus
  readonly #timer: Disposable
  #said = -Infinity

  constructor(node: RosNode, bus: Ros2Bus, period: number) {
    this.#node = node
    this.#publisher = node.createPublisher('rosgraph_msgs/msg/Clock', '/clock')
    this.#bus = bus
    const { clock } = bus
    this.#timer = clock.every(period, () => this.reach(clock.now()))
  }

  /** Something stamped `stamp` (bus time) goes out: where this process was busy its time is told before it. */
  reach(stamp: number): void {
    if (stamp <= this.#said) return
    this.#said = stamp
    this.#publisher.publish(clockBytes(stamp, this.#bus.clock.epochSec))
  }

  dispose(): void {
    this.#timer.dispose()
    this.#node.destroyPublisher(this.#publisher)
  }
}

/**
 * rosgraph_msgs/Clock in little-endian CDR: sec and nanosec behind the encapsulation header. `stamp`: ns since
 * `epochSec`.
 */
export function clockBytes(stamp: number, epochSec: number): Buffer {
  const bytes = Buffer.alloc(12)
  bytes[1] = 1
  const sec = Math.floor(stamp / 1e9)
  bytes.writeInt32LE(epochSec + sec, 4)
  bytes.writeUInt32LE(stamp - sec * 1e9, 8)
  return bytes
}
