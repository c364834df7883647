import type { Feature, PictureColumn } from './lerobot-columns.js'
import { nested } from './parquet-file.js'
import { RunningStatistics } from './running-statistics.js'

/** Pixels of a picture that its statistics look at, about. */
const LOOKED_AT = 4096

const product = (shape: readonly number[]): number => shape.reduce((all, length) => all * length, 1)

/**
 * min, max, mean, std and count of every feature over some rows. Of a padded column, over the samples that are there,
 * alike for every place.
 */
export class LeRobotStatistics {
  readonly #features: Readonly<Record<string, Feature>>
  readonly #padded: ReadonlySet<string>
  readonly #running = new Map<string, RunningStatistics>()

  constructor(features: Readonly<Record<string, Feature>>, padded: ReadonlySet<string>) {
    this.#features = features
    this.#padded = padded
  }

  /** A row's numbers; of a padded column what is there. */
  count(key: string, values: ArrayLike<number>): void {
    const { shape } = this.#features[key]!
    const width = product(this.#padded.has(key) ? shape.slice(1) : shape)
    const running = this.#of(key, width)
    for (let offset = 0; offset < values.length; offset += width) running.add(values, offset)
  }

  /** A row's picture: colour in 0..1, depth in mm, by channel. */
  look({ key, width, height, channels }: PictureColumn, pixels: Uint8Array | Uint16Array): void {
    const running = this.#of(key, channels)
    const step = Math.max(1, Math.floor((width * height) / LOOKED_AT))
    const scale = channels === 3 ? 1 / 255 : 1
    for (let pixel = 0; pixel < width * height; pixel += step) {
      running.add(Array.from(pixels.subarray(pixel * channels, (pixel + 1) * channels), value => value * scale))
    }
  }

  /** As meta/stats.json has them: nested in the feature's shape, of a picture in [channels, 1, 1]; `count` in rows. */
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

  /** As the table of episodes has them: `stats/KEY/NAME`. */
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
