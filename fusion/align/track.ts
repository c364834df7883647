import type { FrameRing } from '../frame-ring.js'
import { interpolatePose, lerp } from '../interpolation.js'
import type { StreamValue } from '../observation.js'
import type { VectorRing } from '../vector-ring.js'

/** The samples of a stream by ascending stamp (ns), as strategies see them, whatever their kind. */
export interface Track {
  readonly newest: number
  /** Samples that come in the order of their stamps cannot change anything up to this stamp any more. */
  readonly settled: number
  stampAt(index: number): number
  /** Index of the first sample after `stamp`. */
  after(stamp: number): number
  valueAt(index: number): StreamValue
  /** The value at the share `w` (0..1) from sample `index` to the next. Undefined when the two cannot be blended. */
  between(index: number, w: number): StreamValue | undefined
}

export class VectorTrack implements Track {
  readonly #ring: VectorRing
  readonly #blend: typeof lerp
  readonly #a: Float64Array
  readonly #b: Float64Array

  /**
   * @param pose whether the vectors are poses (x, y, z, qx, qy, qz, qw), whose orientation is interpolated by slerp.
   */
  constructor(ring: VectorRing, pose: boolean) {
    this.#ring = ring
    this.#blend = pose ? interpolatePose : lerp
    this.#a = new Float64Array(ring.width)
    this.#b = new Float64Array(ring.width)
  }

  get newest(): number {
    return this.#ring.newest
  }

  get settled(): number {
    return this.#ring.settled
  }

  stampAt(index: number): number {
    return this.#ring.stampAt(index)
  }

  after(stamp: number): number {
    return this.#ring.after(stamp)
  }

  valueAt(index: number): StreamValue {
    return { kind: 'vector', data: this.#ring.copyAt(index, new Float64Array(this.#ring.width)) }
  }

  between(index: number, w: number): StreamValue {
    const a = this.#ring.copyAt(index, this.#a)
    const b = this.#ring.copyAt(index + 1, this.#b)
    return { kind: 'vector', data: this.#blend(a, b, w, new Float64Array(this.#ring.width)) }
  }
}

export class FrameTrack implements Track {
  readonly #ring: FrameRing

  constructor(ring: FrameRing) {
    this.#ring = ring
  }

  get newest(): number {
    return this.#ring.newest
  }

  get settled(): number {
    return this.#ring.newest
  }

  stampAt(index: number): number {
    return this.#ring.stampAt(index)
  }

  after(stamp: number): number {
    return this.#ring.after(stamp)
  }

  valueAt(index: number): StreamValue {
    return this.#ring.at(index).value()
  }

  between(index: number, w: number): StreamValue | undefined {
    return this.#ring.at(index).blend(this.#ring.at(index + 1), w)
  }
}
