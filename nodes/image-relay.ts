import { frameFault } from '../fusion/picture.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { Image } from '../middleware/messages.js'

/** From where to where the images of a camera's driver go; one topic for both: they are only checked. */
export interface Relay {
  readonly from: string
  readonly to: string
}

export interface ImageRelayOptions {
  readonly bus: Bus
  readonly relays: readonly Relay[]
  /** The frame_id of a topic's images, once after each activation, with the first of them. */
  readonly onFrameId?: (frameId: string) => void
}

/** What was seen of one camera topic. */
export interface RelayCounters extends Relay {
  images: number
  readonly dropped: { zero_stamp: number; bad_size: number; bad_encoding: number; frame_id: number }
}

/**
 * The camera node on a robot whose camera has a driver of its own: passes its images on under the robot file's topics, and drops, counted
 * by reason, what nobody could use: no stamp, a size that does not fit the data, an unknown encoding, a frame_id that is not the first one's.
 */
export class ImageRelayNode extends LifecycleNode {
  readonly counters: readonly RelayCounters[]
  readonly #bus: Bus
  readonly #onFrameId: ((frameId: string) => void) | undefined
  #publishers: (Publisher<Image> | undefined)[] = []
  #subscriptions: Disposable[] = []

  constructor({ bus, relays, onFrameId }: ImageRelayOptions) {
    super('camera')
    this.#bus = bus
    this.#onFrameId = onFrameId
    this.counters = relays.map(relay => ({ ...relay, images: 0, dropped: { zero_stamp: 0, bad_size: 0, bad_encoding: 0, frame_id: 0 } }))
  }

  protected override onConfigure(): void {
    this.#publishers = this.counters.map(({ from, to }) => from === to ? undefined : this.#bus.advertise(to, 'sensor_msgs/msg/Image'))
  }

  protected override onActivate(): void {
    this.#subscriptions = this.counters.map((counters, i) => {
      let frameId: string | undefined
      return this.#bus.subscribe(counters.from, 'sensor_msgs/msg/Image', image => {
        if (frameId === undefined) {
          frameId = image.frameId
          this.#onFrameId?.(frameId)
        }
        const fault = image.stamp <= 0 ? 'zero_stamp' : frameFault(image) ?? (image.frameId === frameId ? undefined : 'frame_id')
        if (fault !== undefined) {
          counters.dropped[fault]++
          return
        }
        counters.images++
        this.#publishers[i]?.publish(image)
      })
    })
  }

  protected override onDeactivate(): void {
    for (const subscription of this.#subscriptions) subscription.dispose()
    this.#subscriptions = []
  }

  protected override onCleanup(): void {
    for (const publisher of this.#publishers) publisher?.dispose()
    this.#publishers = []
  }
}
