import type { Precision } from '../../policy/contract/onnx-metadata.js'
import type { Withheld } from '../../fusion/withhold.js'
import type { CellSource } from '../session/cells.js'

/** What a benchmark is run with: the flags of `prehend eval`. */
export interface EvalOptions {
  readonly episodes: number
  readonly seed: number
  readonly objects: string
  readonly count?: number
  /** A file of commands to draw from. */
  readonly phrases?: string
  readonly policy?: string
  readonly robot: string
  readonly source: CellSource
  readonly without: readonly Withheld[]
  readonly precision?: Precision
  readonly jobs: number
  /** Index of the first episode. */
  readonly first: number
  /** Keeps what a report shows of single episodes. */
  readonly trace?: boolean
}

/** `--without` as it is written: `rgb,force@2s`. */
export const withoutText = (without: readonly Withheld[]): string =>
  without
    .map(({ modality, from }) =>
      from === 0 ? modality : `${modality}@${(from / 1e9).toFixed(9).replace(/\.?0+$/, '')}s`,
    )
    .join(',')
