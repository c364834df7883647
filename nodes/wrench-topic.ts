import type { Bus, Disposable } from '../middleware/bus.js'
import type { WrenchSource } from './force-torque.js'

/** Wrenches of another node's topic, as a source for the force_torque node. */
export class WrenchTopic implements WrenchSource {
  readonly #bus: Bus
  readonly #topic: string
  #subscription: Disposable | undefined

  constructor(bus: Bus, topic: string) {
    this.#bus = bus
    this.#topic = topic
  }

  start(onWrench: (stamp: number, wrench: Float64Array) => void): void {
    this.#subscription = this.#bus.subscribe(this.#topic, 'geometry_msgs/msg/WrenchStamped', ({ stamp, wrench }) => onWrench(stamp, wrench))
  }

  stop(): void {
    this.#subscription?.dispose()
    this.#subscription = undefined
  }
}
