import { FileSeries } from './file-series.js'
import type { Feature } from './column.js'
import { DATA_MB, DATA_PATH } from './lerobot-meta.js'
import { nested, ParquetFile, type ParquetColumn, type ParquetType } from './parquet-file.js'

const scalar = (dtype: Feature['dtype']): Feature => ({ dtype, shape: [1], names: null })
/**
 * Columns of every row. LeRobot defines the last five. `stamp` is absolute, in ns. `next.*` are true in an episode's
 * last row alone.
 */
export const BOOKKEEPING: Readonly<Record<string, Feature>> = {
  stamp: scalar('int64'),
  'next.done': scalar('bool'),
  'next.success': scalar('bool'),
  timestamp: scalar('float32'),
  frame_index: scalar('int64'),
  episode_index: scalar('int64'),
  index: scalar('int64'),
  task_index: scalar('int64'),
}

const PARQUET: Readonly<Record<Feature['dtype'], ParquetType>> = {
  float32: 'FLOAT',
  float64: 'DOUBLE',
  int64: 'INT64',
  bool: 'BOOLEAN',
  image: 'PICTURE',
  video: 'PICTURE',
}

export interface Row {
  readonly numbers: Record<string, ArrayLike<number>>
  readonly pictures: Readonly<Record<string, { readonly bytes: Uint8Array; readonly path: string }>>
  readonly stamp: bigint
}

/** The rows of a LeRobot set in its Parquet files, one file after another. */
export class LeRobotRows {
  readonly #series: FileSeries
  readonly #stored: readonly (readonly [string, Feature])[]
  readonly #pads: ReadonlyMap<string, number>
  #file: ParquetFile | undefined

  /**
   * `features` are those of all columns; videos are left out of these files. `pads` has the value that fills up the
   * first dimension of a padded column.
   */
  constructor(folder: string, features: Readonly<Record<string, Feature>>, pads: ReadonlyMap<string, number>) {
    this.#series = new FileSeries(folder, DATA_PATH)
    this.#stored = Object.entries(features).filter(([, { dtype }]) => dtype !== 'video')
    this.#pads = pads
  }

  /** Where the next rows are written: the number of the folder, and of the file in it. */
  get place(): { readonly chunk: number; readonly file: number } {
    return this.#series
  }

  /** Writes a row group. */
  async write(rows: readonly Row[]): Promise<void> {
    this.#file ??= new ParquetFile(
      this.#series.path(),
      this.#stored.map(
        ([name, feature]): ParquetColumn => ({
          name,
          type: PARQUET[feature.dtype],
          lists: feature.dtype === 'image' || isScalar(feature) ? 0 : feature.shape.length,
        }),
      ),
    )
    await this.#file.write(
      rows.map(row =>
        Object.fromEntries(this.#stored.map(([key, feature]) => [key, this.#valueOf(row, key, feature)])),
      ),
    )
  }

  /** Ends the file if it is large enough: a file never ends within an episode. */
  async endEpisode(): Promise<void> {
    if (!this.#file || this.#file.bytes < DATA_MB * 2 ** 20) return
    await this.#file.close()
    this.#file = undefined
    this.#series.next()
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  #valueOf({ numbers, pictures, stamp }: Row, key: string, feature: Feature): unknown {
    const { dtype, shape } = feature
    if (dtype === 'image') return pictures[key]
    if (key === 'stamp') return stamp
    const values = Array.from(numbers[key]!, (value): number | bigint | boolean =>
      dtype === 'int64' ? BigInt(value) : dtype === 'bool' ? value === 1 : value,
    )
    const pad = this.#pads.get(key)
    const length = shape.reduce((product, n) => product * n, 1)
    if (pad !== undefined) while (values.length < length) values.push(dtype === 'int64' ? BigInt(pad) : pad)
    return isScalar(feature) ? values[0] : nested(values, shape)
  }
}

/** LeRobot keeps what has the shape [1] without a list around it. */
function isScalar({ shape }: Feature): boolean {
  return shape.length === 1 && shape[0] === 1
}
