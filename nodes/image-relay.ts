import { frameFault } from '../fusion/picture.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { decodeImage, pixelsOf, type DecodeImage } from '../middleware/image/decode.js'
import { ImageError, type ImageFault } from '../middleware/image/image-error.js'
import { loadSharp } from '../middleware/image/picture-file.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { CompressedImage, Image } from '../middleware/messages.js'
import { centreSquare } from './intake/centre-square.js'
import { HeaderCheck } from './intake/header-check.js'
import { InOrder } from './intake/in-order.js'
import { PictureNotices } from './intake/picture-notices.js'

type ImageType = 'sensor_msgs/msg/Image' | 'sensor_msgs/msg/CompressedImage'

/**
 * The topic of a camera's driver, the topic on which its images are published again, and the types of both. Compressed
 * images are decoded where `toType` is Image. Where both topics are the same, the images are only checked.
 */
export interface Relay {
  readonly from: string
  readonly to: string
  readonly fromType: ImageType
  readonly toType: ImageType
  /** Whether images are cut to the square in the middle. Only for images, and only from one topic to another. */
  readonly square?: boolean
}

export interface ImageRelayOptions {
  readonly bus: Bus
  readonly relays: readonly Relay[]
  readonly onError?: (error: unknown) => void
  /** Told in one line what a user should know about a camera's topic. */
  readonly onNotice?: (text: string) => void
  /** Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** Put before the frame_id of published images. Default: nothing. */
  readonly framePrefix?: string
  /** Told the frame_id of a topic's images: with the first image after each activation, and when it changes. */
  readonly onFrameId?: (frameId: string) => void
}

/** What was received on one camera topic: images that could be used, and dropped ones by reason. */
export interface RelayCounters extends Relay {
  images: number
  readonly dropped: Record<'zero_stamp' | 'frame_id' | 'overload' | ImageFault, number>
}

/**
 * The camera node of a robot whose camera has a driver of its own. It publishes the driver's images on the robot file's
 * topics, in their order. It drops images that cannot be used, and counts them by reason: no stamp, a size that does
 * not fit the data, an unknown encoding, an odd frame_id, bytes that cannot be decoded, and images that come faster
 * than they can be decoded. It does not check the bytes of compressed images that it publishes as they are.
 */
export class ImageRelayNode extends LifecycleNode {
  readonly counters: readonly RelayCounters[]
  readonly #bus: Bus
  readonly #decode: DecodeImage
  readonly #framePrefix: string
  readonly #onFrameId: ((frameId: string) => void) | undefined
  readonly #onNotice: ((text: string) => void) | undefined
  readonly #orders: readonly InOrder[]
  #publishers: (Publisher<Image | CompressedImage> | undefined)[] = []
  #subscriptions: Disposable[] = []

  constructor({
    bus,
    relays,
    onError = () => undefined,
    onNotice,
    decode = decodeImage,
    framePrefix = '',
    onFrameId,
  }: ImageRelayOptions) {
    super('camera')
    this.#bus = bus
    this.#decode = decode
    this.#framePrefix = framePrefix
    this.#onFrameId = onFrameId
    this.#onNotice = onNotice
    this.counters = relays.map(relay => ({
      ...relay,
      images: 0,
      dropped: { zero_stamp: 0, bad_size: 0, bad_encoding: 0, frame_id: 0, undecodable: 0, overload: 0 },
    }))
    this.#orders = relays.map(() => new InOrder({ onError }))
  }

  protected override async onConfigure(): Promise<void> {
    if (this.counters.some(({ fromType, toType }) => fromType !== toType)) await loadSharp()
    this.#publishers = this.counters.map(({ from, to, toType }) =>
      from === to ? undefined : this.#bus.advertise<typeof toType>(to, toType),
    )
  }

  protected override onActivate(): void {
    this.#subscriptions = this.counters.map((counters, i) => {
      const { from, fromType, toType, square = false, dropped } = counters
      const order = this.#orders[i]!
      const notices = new PictureNotices({ where: from, onNotice: this.#onNotice })
      const check = new HeaderCheck({ onNotice: this.#onNotice && (text => this.#onNotice?.(`${from}: ${text}`)) })
      let frameId: string | undefined
      const pass = (image: Image | CompressedImage): void => {
        if ('encoding' in image) notices.check(image)
        const fault = 'encoding' in image ? frameFault(image) : undefined
        if (fault !== undefined) {
          dropped[fault]++
          return
        }
        counters.images++
        const cut = square && 'encoding' in image ? centreSquare(image) : image
        this.#publishers[i]?.publish(
          this.#framePrefix === '' ? cut : { ...cut, frameId: this.#framePrefix + cut.frameId },
        )
      }
      return this.#bus.subscribe(from, fromType, (image, receive) => {
        const fault = check.fault(image)
        if (fault === undefined && image.frameId !== frameId && !check.varies) {
          frameId = image.frameId
          this.#onFrameId?.(frameId)
        }
        if (fault !== undefined) dropped[fault]++
        else if (fromType === toType || 'encoding' in image) pass(image)
        else if (!order.hasRoom({ picture: true })) dropped.overload++
        else {
          const kept = { ...image }
          order.make(
            receive,
            () =>
              this.#decode(kept).then(
                decoded => () => pass(decoded),
                (error: unknown) => () => {
                  notices.undecoded(kept, error)
                  dropped[error instanceof ImageError ? error.fault : 'undecodable']++
                },
              ),
            { pixels: pixelsOf(kept) },
          )
        }
      })
    })
  }

  protected override async onDeactivate(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.dispose()
    this.#subscriptions = []
    for (const order of this.#orders) await order.drained()
  }

  protected override onCleanup(): void {
    for (const publisher of this.#publishers) publisher?.dispose()
    this.#publishers = []
  }
}
