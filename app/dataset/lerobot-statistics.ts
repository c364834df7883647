import type { Feature, PictureColumn } from './column.js'
import { nested } from './parquet-file.js'
import { RunningStatistics } from './running-statistics.js'

/** About how many pixels of a picture its statistics read. */
const SAMPLED_PIXELS = 4096

const product = (shape: readonly number[]): number => shape.reduce((all, length) => all * length, 1)

/**
 * min, max, mean, std and count of every feature over some rows. A padded column has one value for all its places,
 * taken over the samples without the padding.
 */
export class LeRobotStatistics {
  readonly #features: Readonly<Record<string, Feature>>
  readonly #padded: ReadonlySet<string>
  readonly #running = new Map<string, RunningStatistics>()

  constructor(features: Readonly<Record<string, Feature>>, padded: ReadonlySet<string>) {
    this.#features = features
    this.#padded = padded
  }

  /** Adds a row's numbers, without padding. */
  addNumbers(key: string, values: ArrayLike<number>): void {
    const { shape } = this.#features[key]!
    const width = product(this.#padded.has(key) ? shape.slice(1) : shape)
    const running = this.#of(key, width)
    for (let offset = 0; offset < values.length; offset += width) running.add(values, offset)
  }

  /** Adds a row's picture: colour in 0..1, depth in mm, by channel. */
  addPicture({ key, width, height, channels }: PictureColumn, pixels: Uint8Array | Uint16Array): void {
    const running = this.#of(key, channels)
    const step = Math.max(1, Math.floor((width * height) / SAMPLED_PIXELS))
    const scale = channels === 3 ? 1 / 255 : 1
    const sample = new Float64Array(channels)
    for (let pixel = 0; pixel < width * height; pixel += step) {
      for (let channel = 0; channel < channels; channel++) sample[channel] = pixels[pixel * channels + channel]! * scale
      running.add(sample)
    }
  }

  /**
   * The statistics as meta/stats.json has them: nested in the feature's shape, for a picture in [channels, 1, 1].
   * `count` is in rows.
   */
  get values(): Record<string, Record<string, unknown[]>> {
    return Object.fromEntries(
      [...this.#running].map(([key, running]) => {
        const { dtype, shape } = this.#features[key]!
        const own = dtype === 'image' || dtype === 'video' ? [running.width, 1, 1] : shape
        const spread = (values: Float64Array): unknown[] =>
          nested(
            Float64Array.from({ length: product(own) }, (_, i) => values[i % values.length]!),
            own,
          )
        const { min, max, mean, std, count } = running.statistics
        return [key, { min: spread(min), max: spread(max), mean: spread(mean), std: spread(std), count: [count] }]
      }),
    )
  }

  /** The statistics as columns of the table of episodes: `stats/KEY/NAME`. */
  get columns(): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(this.values).flatMap(([key, statistics]) =>
        Object.entries(statistics).map(([name, value]) => [
          `stats/${key}/${name}`,
          name === 'count' ? value.map(n => BigInt(n as number)) : value,
        ]),
      ),
    )
  }

  #of(key: string, width: number): RunningStatistics {
    const running = this.#running.get(key) ?? new RunningStatistics(width)
    this.#running.set(key, running)
    running.rows++
    return running
  }
}
