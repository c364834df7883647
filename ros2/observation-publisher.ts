import type { Disposable } from '../middleware/bus.js'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { observationEncoder, type EncodeObservation } from '../nodes/observation-bytes.js'
import type { Robot } from '../robots/robot.js'

/** Publishes observations on `~/observation` (prehend_interfaces/AlignedObservation) while there are subscribers. */
export class ObservationPublisher implements Disposable {
  /** Whether the pictures are published with the observation. */
  pictures = false
  readonly #node: RosNode
  readonly #bus: Ros2Bus
  readonly #publisher: RosPublisher
  readonly #encode: EncodeObservation

  constructor(node: RosNode, bus: Ros2Bus, robot: Robot) {
    this.#node = node
    this.#bus = bus
    this.#publisher = node.createPublisher('prehend_interfaces/msg/AlignedObservation', '~/observation')
    this.#encode = observationEncoder(robot)
  }

  publish(observation: Parameters<EncodeObservation>[0]): void {
    if (this.#publisher.subscriptionCount === 0) return
    const { epochSec } = this.#bus.clock
    this.#publisher.publish(this.#encode(observation, { pictures: this.pictures, epochSec }))
  }

  dispose(): void {
    this.#node.destroyPublisher(this.#publisher)
  }
}
