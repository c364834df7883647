/** The statistics that LeRobot keeps of a feature, each in the feature's shape. `count` is in rows. */
export interface Statistics {
  readonly min: Float64Array
  readonly max: Float64Array
  readonly mean: Float64Array
  readonly std: Float64Array
  readonly count: number
}

/**
 * Smallest, largest, mean and population standard deviation of each of `width` values, one row after another (Welford
 * 1962).
 */
export class RunningStatistics {
  /** The `count` of `statistics`. The caller counts the rows. */
  rows = 0
  readonly width: number
  readonly #min: Float64Array
  readonly #max: Float64Array
  readonly #mean: Float64Array
  readonly #squares: Float64Array
  #count = 0

  constructor(width: number) {
    this.width = width
    this.#min = new Float64Array(width).fill(Infinity)
    this.#max = new Float64Array(width).fill(-Infinity)
    this.#mean = new Float64Array(width)
    this.#squares = new Float64Array(width)
  }

  /** Adds `width` values, from `offset` on, `stride` apart. */
  add(values: ArrayLike<number>, offset = 0, stride = 1): void {
    this.#count++
    for (let i = 0; i < this.width; i++) {
      const value = values[offset + i * stride]!
      if (value < this.#min[i]!) this.#min[i] = value
      if (value > this.#max[i]!) this.#max[i] = value
      const away = value - this.#mean[i]!
      this.#mean[i]! += away / this.#count
      this.#squares[i]! += away * (value - this.#mean[i]!)
    }
  }

  /** Zeros where nothing was added. */
  get statistics(): Statistics {
    const none = this.#count === 0
    return {
      min: none ? new Float64Array(this.width) : this.#min.slice(),
      max: none ? new Float64Array(this.width) : this.#max.slice(),
      mean: this.#mean.slice(),
      std: this.#squares.map(square => (none ? 0 : Math.sqrt(square / this.#count))),
      count: this.rows,
    }
  }
}
