import { FULL, StampRing, type Placed } from './ring.js'
import type { Picture } from './picture.js'

/** Most bytes that the frames of one ring may hold: seven frames of 3840 x 2160 in colour. */
const MOST_BYTES = 192 * 2 ** 20

/**
 * References to the newest camera frames by ascending stamp. The ring grows when it is full, so that a waiting tick
 * still finds its frames. When the frames hold too many bytes, it removes those that no tick can need any more. If that
 * is not enough, it refuses the new frame.
 */
export class FrameRing extends StampRing {
  readonly #pictures: (Picture | undefined)[]

  /** @param retention ns for which a frame is kept at least. */
  constructor(retention: number, capacity = 16) {
    super(capacity, retention)
    this.#pictures = new Array<Picture | undefined>(capacity).fill(undefined)
  }

  insert(stamp: number, picture: Picture): Placed {
    if (!this.#hasRoom(picture, Math.max(stamp, this.newest) - this.retention)) return FULL
    const index = this.place(stamp)
    if (index >= 0) this.#pictures[this.slot(index)] = picture
    return this.placed
  }

  at(index: number): Picture {
    const picture = index >= 0 && index < this.size ? this.#pictures[this.slot(index)] : undefined
    if (picture === undefined) throw new RangeError(`frame ring: no frame at ${index} of ${this.size}`)
    return picture
  }

  /**
   * Makes room in bytes. It removes the frames that alignment no longer needs: all but the last one at or before
   * `needed`. False where that is not enough.
   */
  #hasRoom(picture: Picture, needed: number): boolean {
    while (this.size > 0 && this.#bytesWith(picture) > MOST_BYTES) {
      if (this.stampAt(Math.min(1, this.size - 1)) >= needed) return false
      this.#pictures[this.slot(0)] = undefined
      this.shift()
    }
    return true
  }

  /** Several frames may share one buffer, and each of them keeps the whole buffer alive. */
  #bytesWith(picture: Picture): number {
    const buffers = new Set([picture.buffer])
    for (let i = 0; i < this.size; i++) buffers.add(this.at(i).buffer)
    let bytes = 0
    for (const buffer of buffers) bytes += buffer.byteLength
    return bytes
  }

  override clear(): void {
    super.clear()
    this.#pictures.fill(undefined)
  }

  protected override move(from: number, to: number): void {
    this.#pictures[to] = this.#pictures[from]
  }

  protected override resize(capacity: number): void {
    const present = Array.from({ length: this.size }, (_, index) => this.#pictures[this.slot(index)])
    this.#pictures.length = 0
    this.#pictures.push(...present, ...new Array<Picture | undefined>(capacity - present.length).fill(undefined))
  }
}
