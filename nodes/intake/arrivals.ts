import type { Aligner } from '../../fusion/aligner.js'
import type { DropReason } from '../../fusion/counters.js'
import type { Robot } from '../../robots/robot.js'
import { isImageType } from '../../fusion/stream-types/stream-types.js'
import { decodeImage, pixelsOf, type DecodeImage } from '../../middleware/image/decode.js'
import { ImageError } from '../../middleware/image/image-error.js'
import { loadSharp } from '../../middleware/image/picture-file.js'
import type { CompressedImage } from '../../middleware/messages.js'
import { InOrder, type InOrderOptions } from './in-order.js'
import { PictureNotices } from './picture-notices.js'
import { StreamFeed, type StreamMessage } from './stream-feed.js'

export interface ArrivalsOptions extends InOrderOptions {
  /** Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** Told how long a picture took from its arrival to its pixels, ms. */
  readonly onDecoded?: (ms: number) => void
  /** Told in one line what a user should know about a stream. */
  readonly onNotice?: (text: string) => void
}

const COMPRESSED = 'sensor_msgs/msg/CompressedImage'

/**
 * The messages of a robot's streams on their way to the aligner. Compressed images are decoded. The aligner gets every
 * message in the order in which it was received, with its receive time. So the observations do not depend on how long
 * the decoding takes. Live nodes, replay and export share this class.
 *
 * While no picture is being decoded, messages pass through at once. Otherwise they are copied and wait for their turn.
 */
export class Arrivals {
  readonly #robot: Robot
  readonly #aligner: Aligner
  readonly #feed: StreamFeed
  readonly #order: InOrder
  readonly #decode: DecodeImage
  readonly #onDecoded: ((ms: number) => void) | undefined
  readonly #onError: ArrivalsOptions['onError']
  readonly #onNotice: ArrivalsOptions['onNotice']

  constructor(robot: Robot, aligner: Aligner, options: ArrivalsOptions) {
    this.#robot = robot
    this.#aligner = aligner
    this.#feed = new StreamFeed(robot, aligner, options.onNotice)
    this.#order = new InOrder(options)
    this.#decode = options.decode ?? decodeImage
    this.#onDecoded = options.onDecoded
    this.#onError = options.onError
    this.#onNotice = options.onNotice
  }

  /** Loads the image decoder if a stream needs it. Rejects with a one-line error where this machine has none. */
  async prepare(): Promise<void> {
    if (this.#robot.streams.some(stream => stream.type === COMPRESSED)) await loadSharp()
  }

  /**
   * The function that takes the messages of stream `index` (of `robot.streams`). `receive`: ns since the run's epoch,
   * never decreasing. It returns whether the message was taken. A message without room in the queue is not; the aligner
   * counts it as `overload`.
   */
  take(index: number): (message: never, receive: number) => boolean {
    const { name, topic, type } = this.#robot.streams[index]!
    const feed = this.#feed.push(index) as (message: StreamMessage, receive: number) => void
    const push = (message: StreamMessage, receive: number): void => {
      try {
        feed(message, receive)
      } catch (error) {
        this.#onError(error)
      }
    }
    const order = this.#order
    const picture = isImageType(type)
    const refuse = (): false => {
      this.#aligner.count(index, 'overload')
      return false
    }
    if (type === COMPRESSED) {
      const notices = new PictureNotices({ where: `stream ${name} (${topic})`, onNotice: this.#onNotice })
      return (message: CompressedImage, receive) => {
        if (!order.hasRoom({ picture })) return refuse()
        const kept = { ...message }
        order.make(
          receive,
          async () => {
            const began = performance.now()
            const pass = await this.#decode(kept).then(
              image => () => push(image, receive),
              (error: unknown) => () => {
                notices.undecoded(kept, error)
                this.#aligner.count(index, reasonOf(error))
              },
            )
            this.#onDecoded?.(performance.now() - began)
            return pass
          },
          { pixels: pixelsOf(kept) },
        )
        return true
      }
    }
    return (message: StreamMessage, receive) => {
      if (order.idle) push(message, receive)
      else if (!order.hasRoom({ picture })) return refuse()
      else {
        const kept = copyOf(message)
        order.add(receive, () => push(kept, receive), { picture })
      }
      return true
    }
  }

  /** Calls `what` in its turn: after all messages that were received before have reached the aligner. */
  then(receive: number, what: () => void): void {
    if (this.#order.idle) what()
    else this.#order.add(receive, what, { picture: false })
  }

  /** The bus time (ns) after which `advance` must be called. Infinity while messages before it still wait. */
  nextDeadline(): number {
    const deadline = this.#aligner.nextDeadline()
    return deadline < this.#order.since ? deadline : Infinity
  }

  /**
   * Completes the ticks whose deadlines lie before `now` (bus time, ns). A tick is not completed while a message that
   * was received before its deadline still waits.
   */
  advance(now: number): void {
    this.#aligner.advance(Math.min(now, this.#order.since))
  }

  /** Whether any next message would be taken. */
  get hasSlack(): boolean {
    return this.#order.hasSlack
  }

  /** Resolves once any next message would be taken. */
  slack(): Promise<void> {
    return this.#order.slack()
  }

  /** Whether all messages that were taken have reached the aligner. */
  get idle(): boolean {
    return this.#order.idle
  }

  /** Resolves once another message has reached the aligner. */
  change(): Promise<void> {
    return this.#order.change()
  }

  /** To be called when the observations so far are used: see `InOrderOptions.isBehind`. */
  resume(): void {
    this.#order.resume()
  }

  /** Resolves once all messages that were taken have reached the aligner. */
  drained(): Promise<void> {
    return this.#order.drained()
  }
}

/** An error of the decoder that is not an ImageError comes from the bytes of the picture too. */
function reasonOf(error: unknown): DropReason {
  return error instanceof ImageError ? error.fault : 'undecodable'
}

/**
 * A copy of a message. Publishers refill the arrays of numbers in their messages. They never write the bytes of a
 * picture again, so those are not copied.
 */
function copyOf<M extends object>(message: M): M {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      value instanceof Float64Array ? value.slice() : (value as unknown),
    ]),
  ) as M
}
