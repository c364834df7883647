import type { Aligner } from '../../fusion/aligner.js'
import type { DropReason } from '../../fusion/counters.js'
import type { Robot } from '../../robots/robot.js'
import { isImageType } from '../../fusion/stream-types/registry.js'
import { decodeImage, pixelsOf, type DecodeImage } from '../../middleware/image/decode.js'
import { ImageError } from '../../middleware/image/image-error.js'
import { loadSharp } from '../../middleware/image/picture-file.js'
import type { CompressedImage } from '../../middleware/messages.js'
import { InOrder, type InOrderOptions } from './in-order.js'
import { PictureNotices } from './picture-notices.js'
import { StreamFeed, type Fed } from './stream-feed.js'

export interface ArrivalsOptions extends InOrderOptions {
  /** Default: `decodeImage`. */
  readonly decode?: DecodeImage
  /** ms from a picture's arrival to its pixels. */
  readonly onDecoded?: (ms: number) => void
  /** Something about a stream that its user should know; one line. */
  readonly onNotice?: (text: string) => void
}

const COMPRESSED = 'sensor_msgs/msg/CompressedImage'

/**
 * What a robot's streams say, on its way to the aligner: compressed images are decoded, and the aligner sees everything
 * in the order in which it was received, with its receive time. Live nodes, replay and export share it, so what comes
 * out never depends on how long a picture took. While nothing is being decoded messages pass straight through;
 * otherwise what must outlive its message is copied and waits its turn.
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

  /** Loads the decoder where the robot file asks for one. Throws, in one line, where this machine has none. */
  async prepare(): Promise<void> {
    if (this.#robot.streams.some(stream => stream.type === COMPRESSED)) await loadSharp()
  }

  /**
   * The function that takes the messages of stream `index` (of `robot.streams`); `receive` in ns since the run's epoch,
   * never decreasing. It answers whether the message was taken; one that finds no room is counted at the aligner
   * (`overload`) and leaves no other trace.
   */
  take(index: number): (message: never, receive: number) => boolean {
    const { name, topic, type } = this.#robot.streams[index]!
    const feed = this.#feed.push(index) as (message: Fed, receive: number) => void
    const push = (message: Fed, receive: number): void => {
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
            const fate = await this.#decode(kept).then(
              image => () => push(image, receive),
              (error: unknown) => () => {
                notices.undecoded(kept, error)
                this.#aligner.count(index, reasonOf(error))
              },
            )
            this.#onDecoded?.(performance.now() - began)
            return fate
          },
          { pixels: pixelsOf(kept) },
        )
        return true
      }
    }
    return (message: Fed, receive) => {
      if (order.idle) push(message, receive)
      else if (!order.hasRoom({ picture })) return refuse()
      else {
        const kept = copyOf(message)
        order.add(receive, () => push(kept, receive), { picture })
      }
      return true
    }
  }

  /** Does something in its turn: after everything that was received before has reached the aligner. */
  then(receive: number, what: () => void): void {
    if (this.#order.idle) what()
    else this.#order.add(receive, what, { picture: false })
  }

  /**
   * The bus time after which `advance` has something to do; Infinity where that must wait for what is still on its way.
   */
  nextDeadline(): number {
    const deadline = this.#aligner.nextDeadline()
    return deadline < this.#order.since ? deadline : Infinity
  }

  /**
   * Gives up the ticks whose deadlines lie before `now` (bus time, ns), as far as nothing on its way was received
   * before.
   */
  advance(now: number): void {
    this.#aligner.advance(Math.min(now, this.#order.since))
  }

  /** Whether whatever comes next would be taken. */
  get hasSlack(): boolean {
    return this.#order.hasSlack
  }

  /** Resolves once whatever comes next would be taken. */
  slack(): Promise<void> {
    return this.#order.slack()
  }

  /** Whether everything that was taken has reached the aligner. */
  get idle(): boolean {
    return this.#order.idle
  }

  /** Resolves once something more has reached the aligner. */
  change(): Promise<void> {
    return this.#order.change()
  }

  /** What the aligner has made is used: see `isBehind`. */
  resume(): void {
    this.#order.resume()
  }

  /** Resolves once everything that was taken has reached the aligner. */
  drained(): Promise<void> {
    return this.#order.drained()
  }
}

/** What goes wrong in a decoder, without a name for it, is the picture's fault too. */
function reasonOf(error: unknown): DropReason {
  return error instanceof ImageError ? error.fault : 'undecodable'
}

/** A message that outlives its publisher's next one; bytes of pictures are never written again. */
function copyOf<M extends object>(message: M): M {
  return Object.fromEntries(
    Object.entries(message).map(([key, value]) => [
      key,
      value instanceof Float64Array ? value.slice() : (value as unknown),
    ]),
  ) as M
}
