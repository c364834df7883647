import { ms, SECOND } from '../stamp.js'
import { Hold } from './hold.js'
import type { StrategyDeclaration } from './strategy.js'
import type { Track } from './track.js'

export interface AsofLimits {
  /** ns */
  readonly maxAge: number
}

declare module './align.js' {
  interface Aligns {
    asof: AsofLimits
  }
}

export const asof: StrategyDeclaration<'asof', 'track'> = {
  name: 'asof',
  modalities: ['rgb', 'depth', 'proprioception'],
  reads: 'track',
  waits: false,
  options: {
    maxAge: {
      key: 'asof',
      kind: 'time',
      range: ['1 us', '1 hour'],
      what: 'an age',
      example: '200 ms',
      note: 'The newest sample, no older than this.',
    },
  },
  documentation: { written: '`{ asof: 200 ms }`', meaning: 'the last sample, no older than this' },
  describe: ({ maxAge }) => `the last sample up to ${ms(maxAge)} old`,
  reach: ({ maxAge }) => Math.min(maxAge, SECOND),
  longestStep: ({ maxAge }) => maxAge,
  make: (track, limits) => new Asof(track, limits),
}

/** The newest sample at or before the tick, if it is at most `maxAge` ns old. Ticks never wait for it. */
export class Asof extends Hold {
  constructor(track: Track, limits: AsofLimits) {
    super(track, limits.maxAge)
  }
}
