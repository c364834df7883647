import type { WindowValue } from '../observation.js'
import { Pyramid } from '../pyramid.js'
import type { VectorRing } from '../vector-ring.js'
import { SlidingWindow } from '../window-statistics.js'
import { MISSING, present, type Aligned, type Strategy } from './strategy.js'

export interface WindowShape {
  /** ns. The mean is over (t - length, t], or (t - length / 2, t + length / 2] when centred. */
  readonly length: number
  readonly centred: boolean
  /** ns each; always trailing. */
  readonly pyramid: readonly number[]
}

/**
 * Mean over a window and the pyramid. Present when the mean window holds a sample; while only longer pyramid windows
 * hold one, the value
 * stands (mean 0, count 0) and is marked as not present.
 */
export class Window implements Strategy {
  readonly #ring: VectorRing
  readonly #mean: SlidingWindow
  readonly #pyramid: Pyramid
  readonly #before: number
  readonly #ahead: number
  readonly #longest: number

  constructor(ring: VectorRing, { length, centred, pyramid }: WindowShape) {
    this.#ring = ring
    this.#mean = new SlidingWindow(ring)
    this.#pyramid = new Pyramid(ring, pyramid)
    this.#before = centred ? length / 2 : length
    this.#ahead = centred ? length / 2 : 0
    this.#longest = Math.max(this.#before, ...pyramid)
  }

  get rebuilds(): number {
    return this.#mean.rebuilds + this.#pyramid.rebuilds
  }

  brackets(tick: number): boolean {
    return this.#ring.settled >= tick + this.#ahead
  }

  value(tick: number): Aligned {
    const ring = this.#ring
    const newest = ring.after(tick + this.#ahead) - 1
    if (newest < 0 || ring.stampAt(newest) <= tick - this.#longest) return MISSING
    const count = this.#mean.move(tick - this.#before, tick + this.#ahead)
    const mean = new Float64Array(ring.width)
    for (let axis = 0; axis < mean.length; axis++) mean[axis] = this.#mean.mean(axis)
    const value: WindowValue = { kind: 'window', mean, count, pyramid: this.#pyramid.at(tick) }
    if (count === 0) return { value, quality: MISSING.quality }
    return present(value, tick, ring.stampAt(newest), 0, count)
  }

  disturb(stamp: number): void {
    this.#mean.disturb(stamp)
    this.#pyramid.disturb(stamp)
  }

  clear(): void {
    this.#mean.clear()
    this.#pyramid.clear()
  }
}
