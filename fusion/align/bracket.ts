import type { StreamValue } from '../observation.js'
import { ms } from '../stamp.js'
import type { Option } from './option.js'
import { MISSING, present, type Aligned, type Strategy } from './strategy.js'
import type { Track } from './track.js'

export interface BracketLimits {
  /** Greatest ns between the two samples around a tick. */
  readonly maxGap: number
  /** ns that the earlier sample may be old while the later one has not come. */
  readonly maxHold: number
}

/** The part of the declaration that `interpolate` and `nearest` share. */
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

/** The words of `prehend check`. */
export const bracketText = (name: string, { maxGap, maxHold }: BracketLimits): string =>
  `${name}, bracket up to ${ms(maxGap)}, held up to ${ms(maxHold)}`

/**
 * The rule that `interpolate` and `nearest` share. A sample at the tick is used as it is. Two samples around the tick
 * are joined if they are at most `maxGap` apart; otherwise the value is missing. While there is no later sample, the
 * earlier one is held for up to `maxHold`.
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

  /** The value between sample `index` at `earlier` and the next one at `later`, where earlier < tick < later (ns). */
  protected abstract join(tick: number, index: number, earlier: number, later: number): Aligned

  /** The neighbour that is nearer in time, the earlier one on a tie. */
  protected nearer(tick: number, index: number, earlier: number, later: number): Aligned {
    const first = tick - earlier <= later - tick
    const value: StreamValue = this.track.valueAt(first ? index : index + 1)
    return present(value, tick, first ? earlier : later, later - earlier, 1)
  }
}
