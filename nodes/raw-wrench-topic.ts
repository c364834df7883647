import type { Bus, Disposable } from '../middleware/bus.js'
import type { WrenchSource } from './force-torque-node.js'
import { HeaderCheck } from './intake/header-check.js'

/** The wrenches of a driver's topic as a source for the force_torque node. Those with a bad header are dropped. */
export class RawWrenchTopic implements WrenchSource {
  /** Wrenches that were dropped, by reason. */
  readonly dropped = { zero_stamp: 0, frame_id: 0 }
  readonly #bus: Bus
  readonly #topic: string
  readonly #onNotice: ((text: string) => void) | undefined
  #subscription: Disposable | undefined

  /** `onNotice` is told in one line what a user should know about the topic. */
  constructor(bus: Bus, topic: string, onNotice?: (text: string) => void) {
    this.#bus = bus
    this.#topic = topic
    this.#onNotice = onNotice
  }

  start(onWrench: (stamp: number, wrench: Float64Array) => void): void {
    const check = new HeaderCheck({ onNotice: this.#onNotice && (text => this.#onNotice?.(`${this.#topic}: ${text}`)) })
    this.#subscription = this.#bus.subscribe(this.#topic, 'geometry_msgs/msg/WrenchStamped', message => {
      const fault = check.fault(message)
      if (fault !== undefined) this.dropped[fault]++
      else onWrench(message.stamp, message.wrench)
    })
  }

  stop(): void {
    this.#subscription?.dispose()
    this.#subscription = undefined
  }
}
