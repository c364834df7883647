import type { Bus, Disposable } from '../middleware/bus.js'
import type { WrenchSource } from './force-torque.js'

/** Wrenches of another node's topic, as a source for the force_torque node: those with a stamp and the frame_id of the first one. */
export class WrenchTopic implements WrenchSource {
  readonly dropped = { zero_stamp: 0, frame_id: 0 }
  readonly #bus: Bus
  readonly #topic: string
  #subscription: Disposable | undefined
  #frameId: string | undefined

  constructor(bus: Bus, topic: string) {
    this.#bus = bus
    this.#topic = topic
  }

  start(onWrench: (stamp: number, wrench: Float64Array) => void): void {
    this.#subscription = this.#bus.subscribe(this.#topic, 'geometry_msgs/msg/WrenchStamped', ({ stamp, frameId, wrench }) => {
      if (stamp <= 0) {
        this.dropped.zero_stamp++
        return
      }
      this.#frameId ??= frameId
      if (frameId === this.#frameId) onWrench(stamp, wrench)
      else this.dropped.frame_id++
    })
  }

  stop(): void {
    this.#subscription?.dispose()
    this.#subscription = this.#frameId = undefined
  }
}
