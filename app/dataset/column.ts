import type { AnsweredObservation } from './training-set.js'

/** A feature as `meta/info.json` describes it. */
export interface Feature {
  readonly dtype: 'float32' | 'float64' | 'int64' | 'bool' | 'image' | 'video'
  readonly shape: readonly number[]
  readonly names: readonly string[] | null
  readonly info?: Readonly<Record<string, unknown>>
}

/** A column of numbers. */
export interface NumberColumn {
  readonly key: string
  readonly feature: Feature
  /** The value that fills up the first dimension where a row has fewer. Left out: every row has its full length. */
  readonly pad?: number
  /** The row's numbers, row-major, without padding. */
  value(row: AnsweredObservation): ArrayLike<number>
}

/** A column of pictures: u8[h * w * 3], or u16[h * w] in mm, row-major. */
export interface PictureColumn {
  readonly key: string
  readonly feature: Feature
  readonly width: number
  readonly height: number
  readonly channels: 1 | 3
  value(): Uint8Array | Uint16Array
}
