import type { WindowValue } from '../observation.js'
import { Pyramid } from '../pyramid.js'
import { MILLISECOND, ms } from '../stamp.js'
import type { VectorRing } from '../vector-ring.js'
import { SlidingWindow } from '../window-statistics.js'
import { MISSING, present, type Aligned, type Strategy, type StrategyDeclaration } from './strategy.js'

export interface WindowShape {
  /** ns. The mean is over (t - length, t], or over (t - length / 2, t + length / 2] when centred. */
  readonly length: number
  readonly centred: boolean
  /** Lengths of the trailing windows, ns. */
  readonly pyramid: readonly number[]
}

declare module './align.js' {
  interface Aligns {
    window: WindowShape
  }
}

export const window: StrategyDeclaration<'window', 'ring'> = {
  name: 'window',
  modalities: ['force', 'proprioception'],
  reads: 'ring',
  waits: true,
  gives: 'window',
  options: {
    length: {
      key: 'window',
      kind: 'time',
      range: ['1 us', '1 min'],
      default: 33_333_333,
      example: '33.333333 ms',
      note: 'Length of the window of the mean.',
    },
    centred: {
      key: 'centred',
      kind: 'flag',
      default: false,
      note: 'The window lies around the tick, not before it. Default false.',
    },
    pyramid: {
      key: 'pyramid',
      kind: 'times',
      range: ['1 us', '1 min'],
      most: 16,
      default: [8, 16, 32, 64, 128, 256].map(milliseconds => milliseconds * MILLISECOND),
      each: 'Length of one window.',
      note: 'Windows of the feature pyramid. Default 8, 16, 32, 64, 128, 256 ms.',
    },
  },
  documentation: {
    written: '`{ window: 33.333333 ms, centred: false, pyramid: [8 ms, …] }`',
    meaning:
      'mean over the window before (or around) the tick, and the feature pyramid. `window` alone: 33.333333 ms and 8, ' +
      '16, 32, 64, 128, 256 ms; windows of a pyramid grow',
  },
  describe({ length, centred, pyramid }) {
    const windows = pyramid.length === 0 ? '' : `, pyramid ${pyramid.map(ns => ns / MILLISECOND).join(' ')} ms`
    return `mean of ${ms(length)} ${centred ? 'around' : 'before'} it${windows}`
  },
  reach: ({ length, pyramid }) => Math.max(length, ...pyramid),
  /** The shortest window of the pyramid needs two samples (for a slope), and the mean window one. */
  longestStep: ({ length, pyramid }) => Math.min(length, ...pyramid.map(each => each / 2)),
  longestGap: ({ length, pyramid }) => Math.min(length, ...pyramid),
  windows: ({ pyramid }) => pyramid.length,
  make: (ring, shape) => new Window(ring, shape),
}

/**
 * The mean over a window, and the pyramid. It is present when the mean window has a sample. Where only longer windows
 * of the pyramid have one, there is a value (mean 0, count 0), but it is not marked as present.
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
