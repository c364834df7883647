import type { StreamValue } from '../observation.js'
import { ms } from '../stamp.js'
import type { Option } from './option.js'
import { MISSING, present, type Aligned, type Strategy } from './strategy.js'
import type { Track } from './track.js'

export interface BracketLimits {
  /** ns between the two neighbours of a tick, at most. */
  readonly maxGap: number
  /** ns that the earlier one may be old while the later has not come. */
  readonly maxHold: number
}

/** What the declarations of `interpolate` and `nearest` have in common. */
export const BRACKET = {
  modalities: ['rgb', 'depth', 'proprioception'],
  reads: 'track',
  waits: true,
  options: {
    maxGap: {
      key: 'max_gap',
      beside: true,
      kind: 'time',
      range: ['1 us', '1 hour'],
      default: 100_000_000,
      note: 'A wider bracket counts as missing. Default 100 ms.',
    },
    maxHold: {
      key: 'max_hold',
      beside: true,
      kind: 'time',
      range: ['0 s', '1 hour'],
      default: 50_000_000,
      note: 'An earlier sample stands in for a later one that has not come, up to this age. Default 50 ms.',
    },
  } satisfies Record<keyof BracketLimits, Option<number>>,
  reach: ({ maxGap, maxHold }: BracketLimits): number => Math.max(maxGap, maxHold),
  longestStep: ({ maxGap }: BracketLimits): number => maxGap,
} as const

/** What `prehend check` says of them. */
export const bracketText = (name: string, { maxGap, maxHold }: BracketLimits): string =>
  `${name}, bracket up to ${ms(maxGap)}, held up to ${ms(maxHold)}`

/**
 * The rule that `interpolate` and `nearest` share: a sample at the tick is taken as it is; two around it are joined
 * when no further than `maxGap` apart, and missing otherwise; an earlier one without a later is held up to `maxHold`.
 */
export abstract class Bracket implements Strategy {
  readonly rebuilds = 0
  protected readonly track: Track
  readonly #limits: BracketLimits

  constructor(track: Track, limits: BracketLimits) {
    this.track = track
    this.#limits = limits
  }

  brackets(tick: number): boolean {
    return this.track.settled >= tick
  }

  value(tick: number): Aligned {
    const { track } = this
    const next = track.after(tick)
    if (next === 0) return MISSING
    const earlier = track.stampAt(next - 1)
    if (earlier === tick) return present(track.valueAt(next - 1), tick, tick, 0, 1)
    if (track.newest < tick) {
      if (tick - earlier > this.#limits.maxHold) return MISSING
      return present(track.valueAt(next - 1), tick, earlier, 0, 1, true)
    }
    const later = track.stampAt(next)
    const gap = later - earlier
    return gap > this.#limits.maxGap ? MISSING : this.join(tick, next - 1, earlier, later)
  }

  disturb(): void {}
  clear(): void {}

  /** The value between sample `index` at `earlier` and the next at `later`, earlier < tick < later. */
  protected abstract join(tick: number, index: number, earlier: number, later: number): Aligned

  /** The neighbour nearer in time; on a tie the earlier. */
  protected nearer(tick: number, index: number, earlier: number, later: number): Aligned {
    const first = tick - earlier <= later - tick
    const value: StreamValue = this.track.valueAt(first ? index : index + 1)
    return present(value, tick, first ? earlier : later, later - earlier, 1)
  }
}
