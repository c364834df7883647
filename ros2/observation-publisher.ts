import type { Observation } from '../fusion/observation.js'
import type { Robot } from '../robots/robot.js'
import type { Disposable } from '../middleware/bus.js'
import type { RosNode, RosPublisher } from '../middleware/ros2/rclnodejs.js'
import type { Ros2Bus } from '../middleware/ros2/ros2-bus.js'
import { observationBytes } from './observation-bytes.js'

/** Publishes observations on `~/observation` (prehend_interfaces/AlignedObservation), while somebody listens. */
export class ObservationPublisher implements Disposable {
  /** Whether the pictures go with it. */
  pictures = false
  readonly #node: RosNode
  readonly #bus: Ros2Bus
  readonly #publisher: RosPublisher
  /** s */
  readonly #windows: readonly number[]

  constructor(node: RosNode, bus: Ros2Bus, robot: Robot) {
    this.#node = node
    this.#bus = bus
    this.#publisher = node.createPublisher('prehend_interfaces/msg/AlignedObservation', '~/observation')
    const align = robot.streams.map(stream => stream.align).find(({ strategy }) => strategy === 'window')
    this.#windows = align?.strategy === 'window' ? align.pyramid.map(nanoseconds => nanoseconds / 1e9) : []
  }

  publish(observation: Observation): void {
    if (this.#publisher.subscriptionCount === 0) return
    this.#publisher.publish(
      observationBytes(observation, {
        windows: this.#windows,
        pictures: this.pictures,
        epochSec: this.#bus.clock.epochSec,
      }),
    )
  }

  dispose(): void {
    this.#node.destroyPublisher(this.#publisher)
  }
}
