import { MISSING, present, type Aligned, type Strategy, type StrategyDeclaration } from './strategy.js'
import type { Track } from './track.js'

declare module './align.js' {
  interface Aligns {
    // oxlint-disable-next-line typescript/no-empty-object-type -- it has no options
    hold: {}
  }
}

export const hold: StrategyDeclaration<'hold', 'track'> = {
  name: 'hold',
  modalities: ['rgb', 'depth', 'proprioception'],
  reads: 'track',
  waits: false,
  options: {},
  documentation: { written: '`hold`', meaning: 'the last sample, however old' },
  describe: () => 'the last sample',
  reach: () => 0,
  make: track => new Hold(track),
}

/** The newest sample at or before the tick, however old. Ticks never wait for it. */
export class Hold implements Strategy {
  readonly rebuilds = 0
  readonly #track: Track
  readonly #maxAge: number

  constructor(track: Track, maxAge = Infinity) {
    this.#track = track
    this.#maxAge = maxAge
  }

  brackets(): boolean {
    return true
  }

  value(tick: number): Aligned {
    const index = this.#track.after(tick) - 1
    if (index < 0) return MISSING
    const stamp = this.#track.stampAt(index)
    return tick - stamp > this.#maxAge ? MISSING : present(this.#track.valueAt(index), tick, stamp, 0, 1)
  }

  disturb(): void {}
  clear(): void {}
}
