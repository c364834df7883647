import type { Disposable } from '../middleware/bus.js'
import { timeOf } from '../middleware/cdr/ros-time.js'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import type { PolicyAnswer } from '../nodes/chunk-message.js'

/** Publishes `~/policy_status` (prehend_interfaces/PolicyStatus) after each chunk, while there are subscribers. */
export class PolicyStatusPublisher implements Disposable {
  readonly #node: RosNode
  readonly #bus: Ros2Bus
  readonly #model: string
  readonly #publisher: RosPublisher
  #chunks = 0

  constructor(node: RosNode, bus: Ros2Bus, model: string) {
    this.#node = node
    this.#bus = bus
    this.#model = model
    this.#publisher = node.createPublisher('prehend_interfaces/msg/PolicyStatus', '~/policy_status')
  }

  /** `skipped`: observations so far that were not given to the policy because it was busy. */
  publish({ stamp, inferenceMs, gate, graspSuccess }: PolicyAnswer, skipped: number): void {
    this.#chunks++
    if (this.#publisher.subscriptionCount === 0) return
    this.#publisher.publish({
      header: { stamp: timeOf(stamp, this.#bus.clock.epochSec), frame_id: '' },
      model: this.#model,
      inference_time: inferenceMs / 1000,
      chunks: this.#chunks,
      skipped,
      gate: gate ?? new Float32Array(0),
      grasp_success: graspSuccess ?? NaN,
    })
  }

  dispose(): void {
    this.#node.destroyPublisher(this.#publisher)
  }
}
