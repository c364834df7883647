import type { Bus, Disposable } from '../middleware/bus.js'
import type { WrenchSource } from './force-torque-node.js'
import { HeaderJudge } from './intake/header-judge.js'

/**
 * Wrenches of another node's topic, as a source for the force_torque node: those with a stamp and a frame_id to be
 * believed.
 */
export class WrenchTopic implements WrenchSource {
  readonly dropped = { zero_stamp: 0, frame_id: 0 }
  readonly #bus: Bus
  readonly #topic: string
  readonly #onNotice: ((text: string) => void) | undefined
  #subscription: Disposable | undefined

  /** `onNotice`: something about the topic that its user should know; one line. */
  constructor(bus: Bus, topic: string, onNotice?: (text: string) => void) {
    this.#bus = bus
    this.#topic = topic
    this.#onNotice = onNotice
  }

  start(onWrench: (stamp: number, wrench: Float64Array) => void): void {
    const judge = new HeaderJudge({ onNotice: this.#onNotice && (text => this.#onNotice?.(`${this.#topic}: ${text}`)) })
    this.#subscription = this.#bus.subscribe(this.#topic, 'geometry_msgs/msg/WrenchStamped', message => {
      const fault = judge.fault(message)
      if (fault !== undefined) this.dropped[fault]++
      else onWrench(message.stamp, message.wrench)
    })
  }

  stop(): void {
    this.#subscription?.dispose()
    this.#subscription = undefined
  }
}
