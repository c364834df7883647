import { inverse, standardised, type Affine } from '../contract/affine.js'

export type NormalisationMode = 'IDENTITY' | 'MEAN_STD' | 'MIN_MAX' | 'QUANTILES' | 'QUANTILE10'

/** The two statistics of a mode whose range becomes -1 to 1. */
const RANGES = { MIN_MAX: ['min', 'max'], QUANTILES: ['q01', 'q99'], QUANTILE10: ['q10', 'q90'] } as const

export interface NormalisationOptions {
  /** From the numbers of the set to those of the graph; else back. */
  readonly isForward: boolean
  readonly eps: number
  /** A statistic of the feature by its name. Undefined: there is none. */
  readonly statistic: (name: string) => Float64Array | undefined
  /** Number of values, or of channels of a picture. */
  readonly count: number
}

/**
 * A normalisation by LeRobot's definition (_apply_transform in normalize_processor.py, v0.6.1): (x - mean) / (std + eps),
 * back with std alone; or a range to -1 to 1, in which a range of 0 counts as eps. A text: what is wrong.
 */
export function normalisationOf(mode: NormalisationMode, options: NormalisationOptions): Affine | string {
  if (mode === 'IDENTITY') return { scale: 1, bias: 0 }
  const { isForward, eps, statistic, count } = options
  const names = mode === 'MEAN_STD' ? (['mean', 'std'] as const) : RANGES[mode]
  const lists: number[][] = []
  for (const name of names) {
    const data = statistic(name)
    if (data === undefined) return `${mode} needs the statistic ${name}, which is not there`
    if (data.length !== count) return `its ${name} has ${data.length} numbers, the feature ${count}`
    if (!data.every(Number.isFinite)) return `its ${name} has a number that is not finite`
    lists.push([...data])
  }
  const [first, second] = lists as [number[], number[]]
  if (mode === 'MEAN_STD') {
    if (!isForward) return { scale: second, bias: first }
    const size = second.map(std => std + eps)
    return size.includes(0) ? 'its std is 0, and so is eps' : standardised(first, size)
  }
  const size = first.map((least, i) => (second[i] === least ? eps : second[i]! - least))
  if (size.includes(0)) return 'its range is 0, and so is eps'
  const back = { scale: size.map(each => each / 2), bias: first.map((least, i) => least + size[i]! / 2) }
  return isForward ? inverse(back) : back
}
