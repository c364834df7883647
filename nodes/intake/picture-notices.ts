import type { Frame } from '../../fusion/frame.js'
import { FrameWatch } from '../../fusion/frame-watch.js'
import type { Reading } from '../../fusion/picture.js'
import type { CompressedImage } from '../../middleware/messages.js'

/** Different things that are told of one source. */
const MOST = 8

export interface PictureNoticesOptions {
  /** The source, in front of what is told. */
  readonly where: string
  readonly reading?: Reading
  /** Something about the source that its user should know; one line. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/**
 * Tells what a user should know of the pictures of one source, each thing once and not without end: why one cannot be
 * used, and from what to what they change.
 */
export class PictureNotices {
  readonly #where: string
  readonly #onNotice: ((text: string) => void) | undefined
  readonly #watch: FrameWatch
  readonly #told = new Set<string>()

  constructor({ where, reading = {}, onNotice }: PictureNoticesOptions) {
    this.#where = where
    this.#onNotice = onNotice
    this.#watch = new FrameWatch(reading)
  }

  look(frame: Frame): void {
    const text = this.#watch.look(frame)
    if (text !== undefined) this.#tell(text)
  }

  noRoom({ width, height, encoding, data }: Frame): void {
    this.#tell(
      `${width} x ${height} ${encoding}, ${Math.ceil(data.length / 1e6)} MB each: too large for as many ` +
        'as alignment keeps; publish smaller pictures or fewer of them, or say a shorter max_gap',
    )
  }

  /** A compressed image that became none. */
  undecoded({ format, data }: CompressedImage, error: unknown): void {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    this.#tell(`cannot be used: a compressed image of format '${format.slice(0, 64)}' and ${data.length} bytes: ${why}`)
  }

  #tell(text: string): void {
    if (this.#told.has(text) || this.#told.size > MOST) return
    this.#told.add(text)
    this.#onNotice?.(
      `${this.#where}: ` +
        `${this.#told.size > MOST ? 'more of its pictures change or cannot be used, which is told no more' : text}`,
    )
  }
}
