import { ms } from '../stamp.js'
import { BRACKET, type BracketLimits } from './bracket.js'
import { Interpolate } from './interpolate.js'
import type { Aligned, Strategy, StrategyDeclaration } from './strategy.js'
import type { Track } from './track.js'

export interface SeriesShape extends BracketLimits {
  /** Number of values. */
  readonly count: number
  /** ns from one to the next. */
  readonly step: number
}

declare module './align.js' {
  interface Aligns {
    series: SeriesShape
  }
}

const span = ({ count, step }: SeriesShape): number => (count - 1) * step

export const series: StrategyDeclaration<'series', 'track'> = {
  ...BRACKET,
  name: 'series',
  modalities: ['proprioception'],
  options: {
    count: {
      key: 'series',
      kind: 'count',
      most: 1024,
      what: 'a number of values',
      example: '10',
      note: 'Number of values, the last one at the tick.',
    },
    step: {
      key: 'step',
      kind: 'time',
      range: ['1 us', '100 ms'],
      default: 10_000_000,
      note: 'Time from one value to the next. Default 10 ms.',
    },
    ...BRACKET.options,
  },
  documentation: {
    written: '`{ series: 10, step: 10 ms }`',
    meaning: 'values at even times up to the tick, each between the samples on both sides of its time',
  },
  describe: shape => `${shape.count} values, ${ms(shape.step)} apart, up to it`,
  reach: shape => span(shape) + BRACKET.reach(shape),
  rows: ({ count }) => count,
  make: (track, shape) => new Series(track, shape),
}

/**
 * Vectors of P values at the times tick - (count - 1) step, …, tick - step, tick, in one vector f64[count * P], the
 * oldest first. The last one follows the rule of `interpolate`; where it is missing, all are. Each of the others is
 * interpolated between the samples around its time, however far apart they are. A time before the first sample that the
 * buffer has (at the start of an episode) gets that sample.
 */
export class Series implements Strategy {
  readonly rebuilds = 0
  readonly #track: Track
  readonly #last: Interpolate
  readonly #shape: SeriesShape

  constructor(track: Track, shape: SeriesShape) {
    this.#track = track
    this.#last = new Interpolate(track, shape)
    this.#shape = shape
  }

  brackets(tick: number): boolean {
    return this.#last.brackets(tick)
  }

  value(tick: number): Aligned {
    const { value: last, quality } = this.#last.value(tick)
    if (last?.kind !== 'vector') return { value: undefined, quality }
    const { count, step } = this.#shape
    const width = last.data.length
    const data = new Float64Array(count * width)
    for (let k = 0; k < count - 1; k++) data.set(this.#at(tick - (count - 1 - k) * step), k * width)
    data.set(last.data, (count - 1) * width)
    return { value: { kind: 'vector', data }, quality }
  }

  disturb(): void {}
  clear(): void {}

  #at(time: number): Float64Array {
    const track = this.#track
    const next = track.after(time)
    const earlier = next === 0 ? 0 : track.stampAt(next - 1)
    const isBetween = next > 0 && earlier < time && track.newest > time
    const value = isBetween
      ? track.between(next - 1, (time - earlier) / (track.stampAt(next) - earlier))
      : track.valueAt(Math.max(0, next - 1))
    return value?.kind === 'vector' ? value.data : new Float64Array(0)
  }
}
