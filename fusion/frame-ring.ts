import { StampRing, type Placed } from './ring.js'
import type { Picture } from './picture.js'

/** References to the newest camera frames by ascending stamp. It grows rather than push out a frame that a waiting tick may still ask for. */
export class FrameRing extends StampRing {
  readonly #pictures: (Picture | undefined)[]

  /** @param retention ns for which a frame is kept, at least. */
  constructor(retention: number, capacity = 16) {
    super(capacity, retention)
    this.#pictures = new Array<Picture | undefined>(capacity).fill(undefined)
  }

  insert(stamp: number, picture: Picture): Placed {
    const index = this.place(stamp)
    if (index >= 0) this.#pictures[this.slot(index)] = picture
    return this.placed
  }

  at(index: number): Picture {
    const picture = index >= 0 && index < this.size ? this.#pictures[this.slot(index)] : undefined
    if (picture === undefined) throw new RangeError(`frame ring: no frame at ${index} of ${this.size}`)
    return picture
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
