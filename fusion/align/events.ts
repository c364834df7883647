import type { VoiceQueue } from '../voice-queue.js'
import { MISSING, present, type Aligned, type Strategy, type StrategyDeclaration } from './strategy.js'

declare module './align.js' {
  interface Aligns {
    events: { readonly count: number }
  }
}

export const events: StrategyDeclaration<'events', 'queue'> = {
  name: 'events',
  modalities: ['voice'],
  reads: 'queue',
  waits: false,
  gives: 'events',
  options: {
    count: {
      key: 'events',
      kind: 'count',
      most: 1024,
      default: 4,
      example: '4',
      note: 'How many of the last events an observation holds.',
    },
  },
  documentation: { written: '`{ events: 4 }`', meaning: 'the last events. `events` alone: 4' },
  describe: ({ count }) => `the last ${count} events`,
  reach: () => 0,
  events: ({ count }) => count,
  make: queue => new Events(queue),
}

/** The last events at or before the tick; present when there is one. Ticks never wait for events. */
export class Events implements Strategy {
  readonly rebuilds = 0
  readonly #queue: VoiceQueue

  constructor(queue: VoiceQueue) {
    this.#queue = queue
  }

  brackets(): boolean {
    return true
  }

  value(tick: number): Aligned {
    const value = this.#queue.at(tick)
    const last = value.events.at(-1)
    return last === undefined ? MISSING : present(value, tick, last.stamp, 0, value.events.length)
  }

  disturb(): void {}
  clear(): void {}
}
