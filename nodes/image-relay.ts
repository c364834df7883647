import { frameFault } from '../fusion/picture.js'
import type { Bus, Disposable, Publisher } from '../middleware/bus.js'
import { decodeImage, pixelsOf, type DecodeImage } from '../middleware/image/decode.js'
import { ImageError, type ImageFault } from '../middleware/image/image-error.js'
import { loadSharp } from '../middleware/image/picture-file.js'
import { LifecycleNode } from '../middleware/lifecycle.js'
import type { CompressedImage, Image } from '../middleware/messages.js'
import { centreSquare } from './intake/centre-square.js'
import { HeaderJudge } from './intake/header-judge.js'
import { InOrder } from './intake/in-order.js'
import { PictureNotices } from './intake/picture-notices.js'

type ImageType = 'sensor_msgs/msg/Image' | 'sensor_msgs/msg/CompressedImage'

/**
 * From where to where the images of a camera's driver go, and as what: compressed ones are decoded where images are
 * wanted. One topic for both:
 * they are only checked.
 */
export interface Relay {
  readonly from: string
  readonly to: string
  readonly fromType: ImageType
  readonly toType: ImageType
  /** Cut to the square in the middle; images only, and only from one topic to another. */
  readonly square?: boolean
}

export interface ImageRelayOptions {
  readonly bus: Bus
  readonly relays: readonly Relay[]
  readonly onError?: (error: unknown) => void
  /** Something about a camera's topic that its user should know; one line. */
  readonly onNotice?: (text: string) => void
  /** Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** Put before the frame_id of what is passed on. Default: nothing. */
  readonly framePrefix?: string
  /**
   * The frame_id of a topic's images, after each activation, with the first of them, and where the source moves to
   * another one.
   */
  readonly onFrameId?: (frameId: string) => void
}

/** What was seen of one camera topic. */
export interface RelayCounters extends Relay {
  images: number
  readonly dropped: Record<'zero_stamp' | 'frame_id' | 'overload' | ImageFault, number>
}

/**
 * The camera node on a robot whose camera has a driver of its own: passes its images on under the robot file's topics,
 * in their order, and drops, counted by reason, what nobody could use: no stamp, a size that does not fit the data, an
 * unknown encoding, an odd frame_id, bytes that cannot be decoded, and what comes faster than it can be. Compressed
 * images that are passed on as they are are not looked into.
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
      const judge = new HeaderJudge({ onNotice: this.#onNotice && (text => this.#onNotice?.(`${from}: ${text}`)) })
      let frameId: string | undefined
      const pass = (image: Image | CompressedImage): void => {
        if ('encoding' in image) notices.look(image)
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
        const fault = judge.fault(image)
        if (fault === undefined && image.frameId !== frameId && !judge.varies) {
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
