import type { Bus, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { WrenchStamped } from '../middleware/messages.js'
import { TaredVector } from '../control/guard/tared-vector.js'

/**
 * A source of wrenches. `stamp`: bus time, ns. `wrench`: f64[6], fx, fy, fz (N), tx, ty, tz (N·m), valid during the
 * call only.
 */
export interface WrenchSource {
  start(onWrench: (stamp: number, wrench: Float64Array) => void): void
  stop(): void
}

export interface ForceTorqueOptions {
  readonly bus: Bus
  readonly source: WrenchSource
  readonly topic: string
  readonly frameId: string
  /** ns over which the sensor's offset is averaged. It is then subtracted. Default 0: published as measured. */
  readonly tare?: number
}

/**
 * Publishes the wrenches of a six-axis force/torque sensor at its own rate. One message is refilled, without
 * allocation.
 */
export class ForceTorqueNode extends LifecycleNode {
  /** Samples that were published. */
  samples = 0
  /** Samples that were dropped because of a NaN or an infinity. */
  dropped = 0
  readonly #options: ForceTorqueOptions
  readonly #message: WrenchStamped
  readonly #tared: TaredVector
  #publisher: Publisher<WrenchStamped> | undefined

  constructor(options: ForceTorqueOptions) {
    super('force_torque')
    this.#options = options
    this.#tared = new TaredVector(6, options.tare ?? 0)
    this.#message = { stamp: 0, frameId: options.frameId, wrench: this.#tared.values }
  }

  protected override onConfigure(): void {
    this.#publisher = this.#options.bus.advertise(this.#options.topic, 'geometry_msgs/msg/WrenchStamped')
  }

  protected override onActivate(): void {
    this.#tared.restart()
    this.#options.source.start((stamp, wrench) => this.#publish(stamp, wrench))
  }

  protected override onDeactivate(): void {
    this.#options.source.stop()
  }

  protected override onCleanup(): void {
    this.#publisher?.dispose()
    this.#publisher = undefined
  }

  #publish(stamp: number, wrench: Float64Array): void {
    for (let i = 0; i < 6; i++) {
      if (!Number.isFinite(wrench[i])) {
        this.dropped++
        return
      }
    }
    const message = this.#message
    if (!this.#tared.take(stamp, wrench)) return
    this.samples++
    message.stamp = stamp
    this.#publisher?.publish(message)
  }
}
