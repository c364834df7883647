import { wrapAngle } from '../../fusion/rotation.js'
import type { GroupMean, GroupMotion, GroupRows } from './action-kind.js'

/** How a value goes from one row to the next. */
export type Between =
  /** In a straight line. */
  | 'linear'
  /** The value of a row holds from the row before it on. After the last row it is 0. */
  | 'held'

export interface LinearOptions {
  readonly size: number
  readonly between: Between
  /** The rows count from an origin of `size` values, which are added. */
  readonly offset: boolean
  /** For each column: an angle without an end, which takes the shorter way round. */
  readonly wraps?: readonly boolean[]
}

/** Columns that are values of the set-point, each by itself. */
export class LinearMotion implements GroupMotion {
  readonly #options: LinearOptions
  readonly #origin: Float64Array
  #data = new Float32Array(0)

  constructor(options: LinearOptions) {
    this.#options = options
    this.#origin = new Float64Array(options.size)
  }

  load({ data, count, columns, first, origin, originAt }: GroupRows): void {
    const { size, offset } = this.#options
    if (this.#data.length !== count * size) this.#data = new Float32Array(count * size)
    for (let row = 0; row < count; row++)
      for (let i = 0; i < size; i++) this.#data[row * size + i] = data[row * columns + first + i]!
    if (offset) for (let i = 0; i < size; i++) this.#origin[i] = origin[originAt + i]!
  }

  at(later: number, w: number, over: boolean, out: Float64Array): void {
    const { size, between, offset, wraps } = this.#options
    for (let i = 0; i < size; i++) {
      const to = this.#data[later * size + i]!
      if (between === 'held') {
        out[i] = over ? 0 : to
        continue
      }
      const from = later > 0 ? this.#data[(later - 1) * size + i]! : offset ? 0 : to
      const value = from + (wraps?.[i] ? wrapAngle(to - from) : to - from) * w
      out[i] = offset ? this.#origin[i]! + value : value
    }
  }
}

/** The weighted mean of each value by itself; of an angle without an end it is the mean on the circle. */
export class LinearMean implements GroupMean {
  readonly #sums: Float64Array
  readonly #sines: Float64Array
  readonly #wraps: readonly boolean[] | undefined

  constructor(size: number, wraps?: readonly boolean[]) {
    this.#sums = new Float64Array(size)
    this.#sines = new Float64Array(size)
    this.#wraps = wraps
  }

  clear(): void {
    this.#sums.fill(0)
    this.#sines.fill(0)
  }

  add(values: Float64Array, weight: number): void {
    for (let i = 0; i < this.#sums.length; i++) {
      const value = values[i]!
      if (this.#wraps?.[i]) {
        this.#sums[i]! += weight * Math.cos(value)
        this.#sines[i]! += weight * Math.sin(value)
      } else this.#sums[i]! += weight * value
    }
  }

  write(out: Float64Array, total: number): void {
    for (let i = 0; i < this.#sums.length; i++)
      out[i] = this.#wraps?.[i] ? Math.atan2(this.#sines[i]!, this.#sums[i]!) : this.#sums[i]! / total
  }
}
