import type { Frame } from '../../fusion/camera-frame.js'
import { FrameFormatWatch } from '../../fusion/frame-format-watch.js'
import type { Reading } from '../../fusion/picture.js'
import type { CompressedImage } from '../../middleware/messages.js'

/** Different notices about one source. */
const MOST = 8

export interface PictureNoticesOptions {
  /** The name of the source, which begins each notice. */
  readonly where: string
  readonly reading?: Reading
  /** Told in one line what a user should know about the source. */
  readonly onNotice?: ((text: string) => void) | undefined
}

/**
 * Tells what a user should know about the pictures of one source: why one cannot be used, and how their format changes.
 * Each notice is told once. After eight of them a last one says that no more follow.
 */
export class PictureNotices {
  readonly #where: string
  readonly #onNotice: ((text: string) => void) | undefined
  readonly #watch: FrameFormatWatch
  readonly #told = new Set<string>()

  constructor({ where, reading = {}, onNotice }: PictureNoticesOptions) {
    this.#where = where
    this.#onNotice = onNotice
    this.#watch = new FrameFormatWatch(reading)
  }

  /** Takes the next picture. Tells if it cannot be used, or if its format changed. */
  check(frame: Frame): void {
    const text = this.#watch.look(frame)
    if (text !== undefined) this.#tell(text)
  }

  /** Tells that the aligner's buffer has no room for a picture. */
  noRoom({ width, height, encoding, data }: Frame): void {
    this.#tell(
      `${width} x ${height} ${encoding}, ${Math.ceil(data.length / 1e6)} MB each: too large for as many ` +
        'as alignment keeps; publish smaller pictures or fewer of them, or say a shorter max_gap',
    )
  }

  /** Tells that a compressed image could not be decoded. */
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
